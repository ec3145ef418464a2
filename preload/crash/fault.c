/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include "base/clock.h"
#include "base/sys.h"
#include "crash/fault.h"
#include "crash/fault_context.h"
#include "crash/sigaction.h"
#include "map/map.h"
#include "map/resync.h"
#include "record/session.h"
#include "record/stack_walk.h"
#include "shim/shim.h"
#include "threads/alt_stack.h"
#include "threads/task.h"

/* In place of the default of: */
static const int caught[] = { SIGSEGV, SIGBUS };
#define N_CAUGHT (sizeof(caught) / sizeof(caught[0]))

/* What the program set beside SIG_DFL, and would be told. */
static struct {
	uint64_t flags;
	uint64_t mask;
} given[N_CAUGHT];

static bool catching;

/* --------------------------------------------------------------- what happened */

/* Of this process, not of the parent that we share memory with or were copied from. */
static bool is_recording(void)
{
	return shim.live && shim.writer.header != NULL && !shim_not_begun() &&
	       (uint32_t)sys_getpid() == shim.pid;
}

static bool is_guard(uint64_t page)
{
	uint64_t entry = 0;
	int fd = (int)sys_openat(AT_FDCWD, "/proc/thread-self/pagemap", O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return false;
	sys_pread(fd, &entry, sizeof(entry), page / VM_PAGE_SIZE * sizeof(entry));
	sys_close(fd);
	return entry >> 58 & 1; /* Documentation/admin-guide/mm/pagemap.rst */
}

/*
 * The map at the fault is made the kernel's: what nobody saw is not to be guessed.
 * Up to the end of the next area, which may be a stack that has grown.
 */
static void ask_about_page(struct ledger_fault *fault)
{
	uint64_t page = vm_page_down(fault->address);
	struct frame_mark mark;

	if (fault->code == SI_KERNEL || !session_lock(&mark, TAKE_LOCK_DEFER))
		return;
	resync_up_from(page, VM_REASON_FAULT, 0);
	fault->page = memory_set_find(map.space.set, page) == NULL ? LEDGER_PAGE_UNMAPPED
		      : is_guard(page)				   ? LEDGER_PAGE_GUARD
								   : LEDGER_PAGE_MAPPED;
	session_unlock(&mark);
}

static void describe(struct ledger_fault *fault, int number, const siginfo_t *info,
		     const ucontext_t *context)
{
	fault->signal = (uint32_t)number;
	fault->code = info->si_code;
	fault->tid = task_tid();
	fault->ticks = clock_ticks();
	fault->event = shim.writer.n_events;
	fault_context_read(context, fault);
	if (info->si_code > 0) {
		fault->address = (uintptr_t)info->si_addr;
	} else {
		fault->sender_pid = (uint32_t)info->si_pid;
		fault->sender_uid = info->si_uid;
	}
	fault->frames[0] = fault->pc;
	fault->n_frames = 1;
	fault->exact = 1;
	sys_call6(SYS_prctl, PR_GET_NAME, (long)fault->thread_name, 0, 0, 0, 0);
}

/* The stack at @sp, or, where sp has left it for the guard below, the one that begins above. */
#define GUARD_PAGES 16

static struct addr_range find_stack(void *context, uint64_t sp)
{
	struct addr_range stack = stack_walk_host.stack(context, sp);

	for (unsigned i = 1; i <= GUARD_PAGES && stack.end <= stack.start; i++)
		stack = stack_walk_host.stack(context, vm_page_down(sp) + i * VM_PAGE_SIZE);
	return stack;
}

/* Those behind @fault->pc, where that is no code: a pointer to nowhere was called. */
static void walk_from_caller(struct unwind_trace *trace, struct unwind_regs *regs)
{
	struct addr_range readable = stack_walk_host.stack(stack_walk_host.context, regs->sp);

	trace->frames++;
	trace->max--;
	if (fault_context_return(regs, readable))
		stack_walk_take(trace, regs);
	trace->n++;
	trace->exact = trace->exact << 1 | 1;
	trace->guessed <<= 1;
}

/* Without the lock, which looking rules up may take. */
static void walk(struct ledger_fault *fault, const ucontext_t *context)
{
	struct unwind_trace trace = { .frames = fault->frames, .max = LEDGER_FAULT_FRAMES };
	struct unwind_host host = stack_walk_host;
	struct unwind_regs regs;

	host.stack = find_stack;
	fault_context_unwind(context, &regs);
	if (fault->access == LEDGER_ACCESS_EXECUTE)
		walk_from_caller(&trace, &regs);
	else if (shim.options.stack != OPTION_STACK_NONE)
		unwind_walk(&trace, &regs, true, &host);
	if (trace.n == 0)
		return;
	fault->exact = trace.exact;
	fault->guessed = trace.guessed;
	fault->stack_end = trace.end;
	fault->n_frames = trace.n;
}

/* A handler on a small stack that the program gave must not run over it. */
#define STACK_TO_ASK 6144

static bool has_room(const ucontext_t *context)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t base = (uintptr_t)context->uc_stack.ss_sp;

	return here - base >= context->uc_stack.ss_size || here - base >= STACK_TO_ASK;
}

static void record(int number, const siginfo_t *info, const ucontext_t *context)
{
	struct ledger_fault *fault = &shim.writer.header->fault;
	uint32_t none = LEDGER_FAULT_NONE;

	if (!__atomic_compare_exchange_n(&fault->state, &none, LEDGER_FAULT_CLAIMED, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	describe(fault, number, info, context);
	__atomic_store_n(&fault->state, LEDGER_FAULT_MET, __ATOMIC_RELEASE);
	shim_write_counters();
	if (!has_room(context))
		return;
	if (info->si_code > 0)
		ask_about_page(fault);
	walk(fault, context);
	__atomic_store_n(&fault->state, LEDGER_FAULT_COMPLETE, __ATOMIC_RELEASE);
}

/* -------------------------------------------------------------------- dying */

/* Will going on bring the same signal again? Not for a report of bad memory nobody touched. */
static bool comes_again(const siginfo_t *info)
{
	return info->si_code > 0 && info->si_code != BUS_MCEERR_AO;
}

/*
 * Sent by somebody: sent once more, now that the default is back. The kernel takes
 * the original word for word from the leading thread alone; from others it takes a
 * plain one.
 */
static void send_again(int number, siginfo_t *info)
{
	long pid = sys_getpid();
	long tid = sys_gettid();

	if (sys_call6(SYS_rt_tgsigqueueinfo, pid, tid, number, (long)info, 0, 0) < 0)
		sys_call6(SYS_tgkill, pid, tid, number, 0, 0, 0);
}

/* A fork child that has made no call yet opens its ledger now. */
static void begin_child(void)
{
	struct frame_mark mark;

	if (!shim.live || !shim_not_begun())
		return;
	if (session_lock(&mark, TAKE_LOCK_DEFER))
		session_unlock(&mark);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	if (has_room(context))
		begin_child();
	if (is_recording())
		record(number, info, context);
	if (!comes_again(info))
		send_again(number, info);
}

/* ------------------------------------------------------- what the program is told */

static int place_of(int number)
{
	for (unsigned i = 0; i < N_CAUGHT; i++)
		if (caught[i] == number)
			return (int)i;
	return -1;
}

static bool is_ours(const struct kernel_action *action)
{
	return action->handler == (uintptr_t)on_fault;
}

static long catch (int number)
{
	const struct kernel_action action = {
		.handler = (uintptr_t)on_fault,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | RESTORER_FLAG,
		.restorer = RESTORER,
		.mask = ~0ULL,
	};

	return sys_sigaction(number, &action, NULL);
}

/*
 * The program chose a disposition, or has none: where it is the default, ours stands in for
 * it. Set beside a vfork child's own table, ours would be in the wrong one's way.
 */
static void stand_in(int number, int place)
{
	struct kernel_action chosen;

	if (sys_sigaction(number, NULL, &chosen) < 0 || chosen.handler != (uintptr_t)SIG_DFL ||
	    shim_shares_memory())
		return;
	given[place].flags = chosen.flags;
	given[place].mask = chosen.mask;
	catch (number);
}

/* libc's own handlers, for cancelling threads and for setuid, need little and ask for any. */
#define LIBC_SIGNAL_FIRST 32
#define LIBC_SIGNAL_LAST  33

static bool wants_stack(int number, const struct kernel_action *action)
{
	return (number < LIBC_SIGNAL_FIRST || number > LIBC_SIGNAL_LAST) &&
	       (action->flags & SA_ONSTACK) && action->handler != (uintptr_t)SIG_DFL &&
	       action->handler != (uintptr_t)SIG_IGN;
}

static void hide(struct kernel_action *old, uint64_t flags, uint64_t mask)
{
	old->handler = (uintptr_t)SIG_DFL;
	old->flags = flags;
	old->mask = mask;
}

/* What the kernel has read or written can be touched; what the program passed might not. */
int64_t fault_sigaction(const uint64_t args[6])
{
	int number = (int)args[0];
	int place = place_of(number);
	bool hides = place >= 0 && catching && !shim.confined;
	uint64_t flags = hides ? given[place].flags : 0;
	uint64_t mask = hides ? given[place].mask : 0;
	const struct kernel_action *action = (const void *)(uintptr_t)args[1];
	struct kernel_action *old = (void *)(uintptr_t)args[2];
	int64_t result = sys_call6(SYS_rt_sigaction, (long)args[0], (long)args[1], (long)args[2],
				   (long)args[3], 0, 0);

	if (result == 0 && catching && action != NULL && wants_stack(number, action))
		alt_stack_withdraw();
	if (result < 0 || !hides)
		return result;
	if (action != NULL)
		stand_in(number, place);
	if (old != NULL && is_ours(old))
		hide(old, flags, mask);
	return result;
}

/* ------------------------------------------------------------- start and stop */

void fault_thread_begins(void)
{
	if (catching && task_self()->alt_stack_turn != alt_stack_turn_now && is_recording())
		alt_stack_give(task_self());
}

void fault_start(void)
{
	catching = true;
	for (unsigned i = 0; i < N_CAUGHT; i++)
		stand_in(caught[i], (int)i);
	alt_stack_give(task_self());
}

void fault_stop(void)
{
	struct kernel_action action;

	for (unsigned i = 0; catching && i < N_CAUGHT; i++) {
		if (sys_sigaction(caught[i], NULL, &action) < 0 || !is_ours(&action))
			continue;
		action = (struct kernel_action){ .handler = (uintptr_t)SIG_DFL };
		hide(&action, given[i].flags, given[i].mask);
		sys_sigaction(caught[i], &action, NULL);
	}
	catching = false;
}
