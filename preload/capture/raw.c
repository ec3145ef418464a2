/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <ucontext.h>
#include "capture/raw.h"
#include "crash/fault.h"
#include "crash/sigaction.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "record/pending_note.h"
#include "record/recorder.h"
#include "record/session.h"
#include "shim/shim.h"
#include "sites/gadgets.h"
#include "sites/site_stubs.h"
#include "sites/sites.h"
#include "threads/alt_stack.h"
#include "vma/vm_flags.h"

#if defined(__x86_64__)

/* linux/prctl.h and asm-generic/siginfo.h, newer than some headers */
#define DISPATCH_ON   1
#define ALLOW	      0
#define BLOCK	      1
#define FROM_DISPATCH 2 /* si_code */

#define SIGSYS_BIT    (1ULL << (SIGSYS - 1))
#define HIDDEN	      __attribute__((visibility("hidden")))

/* Read by the kernel at each system call outside of the range, for all threads. */
static volatile uint8_t selector = ALLOW;
static bool started;
static struct addr_range allowed;

/* What the program has set for SIGSYS. */
static struct kernel_action theirs;

/* In raw_x86_64.S. */
extern const unsigned char raw_syscall[] HIDDEN; /* a bare one, for what does not come back */
extern const unsigned char raw_child[] HIDDEN;

/* Armed, and not given up? */
static bool is_live(void)
{
	return selector == BLOCK;
}

void raw_give_up(const char *why)
{
	struct frame_mark mark;

	if (!started || __atomic_exchange_n(&selector, ALLOW, __ATOMIC_SEQ_CST) == ALLOW ||
	    why == NULL)
		return;
	pending_note_set(why);
	if (session_lock(&mark, TAKE_LOCK_DEFER)) {
		pending_note_write();
		session_unlock(&mark);
	}
}

/* ------------------------------------------------------------------ the handler */

/* As a stub would have left it. */
static void enter_site(greg_t *regs)
{
	uint64_t *top = (uint64_t *)(uintptr_t)((uint64_t)regs[REG_RSP] - SITE_RED_ZONE);

	*--top = (uint64_t)regs[REG_RIP];
	*--top = RAW_INDEX;
	regs[REG_RSP] = (greg_t)(uintptr_t)top;
	regs[REG_RIP] = (greg_t)site_entry();
}

static bool takes_own_stack(uint32_t nr, const greg_t *regs)
{
	return nr == SYS_munmap &&
	       (uint64_t)regs[REG_RSP] - (uint64_t)regs[REG_RDI] < (uint64_t)regs[REG_RSI];
}

/* May the recorder make the call, in frames of ours on the program's stack? */
static bool is_for_site(uint32_t nr, const greg_t *regs)
{
	switch (site_call_role(nr)) {
	case SITE_PASS:
	case SITE_VFORK:
	case SITE_FORK3:
		return false;
	case SITE_FORK:
		return !(regs[REG_RDI] & CLONE_VM) && regs[REG_RSI] == 0;
	default:
		return !takes_own_stack(nr, regs);
	}
}

static void leave_stack(const greg_t *regs)
{
	struct vm_call call = {
		.op = VM_OP_MUNMAP,
		.tier = VM_TIER_RAW,
		.args = { (uint64_t)regs[REG_RDI], (uint64_t)regs[REG_RSI] },
	};
	const struct unwind_regs from = {
		.pc = (uint64_t)regs[REG_RIP],
		.sp = (uint64_t)regs[REG_RSP],
		.bp = (uint64_t)regs[REG_RBP],
	};

	recorder_leave_stack(&call, &from);
}

static void pass_by(greg_t *regs, uint32_t nr)
{
	const uint64_t args[6] = { (uint64_t)regs[REG_RDI], (uint64_t)regs[REG_RSI],
				   (uint64_t)regs[REG_RDX], (uint64_t)regs[REG_R10],
				   (uint64_t)regs[REG_R8],  (uint64_t)regs[REG_R9] };
	uint64_t gadget = gadget_find(nr, (uint64_t)regs[REG_RIP]);

	site_call_passes(nr, args);
	if (takes_own_stack(nr, regs))
		leave_stack(regs);
	if (gadget != 0) {
		regs[REG_RIP] = (greg_t)gadget;
		return;
	}
	raw_give_up("--raw was given up: system calls from too many places");
	regs[REG_RIP] -= 2;
}

/* Not from the dispatch: a seccomp filter's, or somebody's who sent it. */
static void forward(int number, siginfo_t *info, void *context)
{
	struct kernel_action standard = { .handler = (uintptr_t)SIG_DFL };

	if (theirs.handler == (uintptr_t)SIG_IGN && info->si_code <= 0)
		return;
	if (theirs.handler > (uintptr_t)SIG_IGN) {
		((void (*)(int, siginfo_t *, void *))(uintptr_t)theirs.handler)(number, info,
										context);
		return;
	}
	raw_give_up(NULL);
	sys_sigaction(number, &standard, NULL);
	sys_call6(SYS_tgkill, sys_getpid(), sys_gettid(), number, 0, 0, 0);
}

static void on_sigsys(int number, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint32_t nr = (uint32_t)regs[REG_RAX];

	if (info->si_code != FROM_DISPATCH) {
		forward(number, info, context);
	} else if (info->si_arch != AUDIT_ARCH_X86_64 || !is_live()) {
		raw_give_up("--raw was given up: the program makes 32-bit system calls");
		regs[REG_RIP] -= 2;
	} else if (nr == SYS_rt_sigreturn) {
		regs[REG_RIP] = (greg_t)(uintptr_t)raw_syscall;
	} else if (is_for_site(nr, regs)) {
		enter_site(regs);
	} else {
		pass_by(regs, nr);
	}
}

/* ----------------------------------------------------------------- masks, actions */

/* Where the program's pointer is a bad one, the kernel will say so: here and below. */
struct site_answer raw_sigmask(const struct site_frame *frame, uint64_t nr)
{
	const uint64_t *args = frame->args;
	uint64_t mask;

	if (!is_live() || args[1] == 0 || args[0] == SIG_UNBLOCK ||
	    !sys_read_own(args[1], &mask, sizeof(mask)) || !(mask & SIGSYS_BIT))
		return (struct site_answer){ (int64_t)nr, 1 };
	mask &= ~SIGSYS_BIT;
	return (struct site_answer){ sys_call6((long)nr, (long)args[0], (long)&mask, (long)args[2],
					       (long)args[3], 0, 0),
				     0 };
}

/* Which argument is the mask that holds while it waits? */
static uint64_t mask_of_wait(const struct site_frame *frame, uint64_t nr)
{
	uint64_t at = 0;

	switch (nr) {
	case SYS_rt_sigsuspend:
		return frame->args[0];
	case SYS_ppoll:
		return frame->args[3];
	case SYS_pselect6: /* a pointer to a pointer to it */
		if (frame->args[5] == 0 || !sys_read_own(frame->args[5], &at, sizeof(at)))
			return 0;
		return at;
	default:
		return frame->args[4];
	}
}

struct site_answer raw_wait(const struct site_frame *frame, uint64_t nr)
{
	uint64_t at = is_live() ? mask_of_wait(frame, nr) : 0, mask;

	if (at != 0 && sys_read_own(at, &mask, sizeof(mask)) && (mask & SIGSYS_BIT))
		raw_give_up("--raw was given up: the program waits with SIGSYS blocked");
	return (struct site_answer){ (int64_t)nr, 1 };
}

/* Ours stays; the program's is kept for it. */
static int64_t replace_theirs(const struct kernel_action *action, struct kernel_action *old)
{
	struct kernel_action before = theirs;

	if (action != NULL)
		theirs = *action;
	if (old != NULL)
		*old = before;
	return 0;
}

int64_t raw_sigaction(const uint64_t args[6])
{
	const struct kernel_action *action = (const void *)(uintptr_t)args[1];
	uint64_t changed[6] = { args[0], args[1], args[2], args[3], args[4], args[5] };
	struct kernel_action without;

	if (!started)
		return fault_sigaction(args);
	if (args[0] == SIGSYS && args[3] == sizeof(without.mask))
		return replace_theirs(action, (void *)(uintptr_t)args[2]);
	if (action != NULL && is_live() && (action->mask & SIGSYS_BIT)) {
		without = *action;
		without.mask &= ~SIGSYS_BIT;
		changed[1] = (uintptr_t)&without;
	}
	return fault_sigaction(changed);
}

/* -------------------------------------------------------------------- beginning */

static long arm(void)
{
	return sys_call6(SYS_prctl, RAW_SET_DISPATCH, DISPATCH_ON, (long)allowed.start,
			 (long)(allowed.end - allowed.start), (long)&selector, 0);
}

/* A vfork child has another pid and the same memory; its exec ends the matter. */
void raw_begin(void)
{
	uint64_t mask = SIGSYS_BIT;

	if (!is_live() || shim_shares_memory())
		return;
	sys_sigprocmask(SIG_UNBLOCK, &mask, NULL);
	if (arm() < 0)
		raw_give_up("--raw was given up: a thread could not be armed");
}

static void widen(uint64_t addr)
{
	const struct memory_area *area = memory_set_find(map.space.set, addr);

	if (area == NULL)
		return;
	if (allowed.end == 0)
		allowed = area->range;
	if (area->range.start < allowed.start)
		allowed.start = area->range.start;
	if (area->range.end > allowed.end)
		allowed.end = area->range.end;
}

static void reserve(struct addr_range range)
{
	const struct memory_area area = {
		.range = range,
		.flags = VM_OWN,
		.offset = MEMORY_AREA_NO_OFFSET,
	};

	if (own_memory_reserve(range))
		own_memory_enter(&area);
}

/* Or code that is made later would be given a gap between the libraries, and be let by. */
static void fill_gaps(void)
{
	const struct memory_area *area;
	uint64_t at = allowed.start;

	while (at < allowed.end && (area = memory_set_find_from(map.space.set, at)) != NULL) {
		uint64_t end = area->range.end;

		if (area->range.start > at)
			reserve((struct addr_range){ at, area->range.start });
		at = end;
	}
}

static const char *begin(void)
{
	struct kernel_action action = {
		.handler = (uintptr_t)on_sigsys,
		.flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | RESTORER_FLAG,
		.restorer = RESTORER,
	};

	if (!site_table_sees(SITE_SIGMASK) || !site_table_sees(SITE_SIGACTION))
		return "--raw can't be had: the calls that block signals are not seen";
	widen((uintptr_t)raw_start);
	sites_each_trusted(widen);
	fill_gaps();
	if (sys_sigaction(SIGSYS, &action, &theirs) < 0)
		return "--raw can't be had: SIGSYS can't be caught";
	selector = BLOCK;
	raw_begin();
	if (is_live())
		return NULL;
	sys_sigaction(SIGSYS, &theirs, NULL);
	return "--raw can't be had: this kernel has no Syscall User Dispatch";
}

void raw_prepare(void)
{
	started = shim.options.raw != 0;
	if (started)
		gadgets_start(raw_child);
}

void raw_start(void)
{
	const char *wrong;

	if (shim.options.raw == 0)
		return;
	wrong = begin();
	pending_note_set(NULL);
	if (wrong == NULL)
		return;
	started = false;
	gadgets_start(NULL);
	ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED, wrong);
}

#else

void raw_give_up(const char *why)
{
	(void)why;
}

void raw_prepare(void)
{
}

void raw_start(void)
{
	if (shim.options.raw != 0)
		ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED,
				   "--raw can't be had on this architecture");
}

#endif
