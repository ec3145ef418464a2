/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <ucontext.h>
#include "crash/fault.h"
#include "capture/raw.h"
#include "shim/shim.h"
#include "crash/sigaction.h"

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

/* A sentence that waits for the lock. */
static const char *note;

/* Armed, and not given up? */
static bool is_live(void)
{
	return selector == BLOCK;
}

void raw_write_note(void)
{
	const char *sentence = __atomic_exchange_n(&note, NULL, __ATOMIC_ACQ_REL);

	if (sentence != NULL && shim.writer.header != NULL)
		ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED, sentence);
}

void raw_give_up(const char *why)
{
	struct frame_mark mark;

	if (!started || __atomic_exchange_n(&selector, ALLOW, __ATOMIC_SEQ_CST) == ALLOW ||
	    why == NULL)
		return;
	__atomic_store_n(&note, why, __ATOMIC_RELEASE);
	if (recorder_lock(&mark, RECORDER_DEFER)) {
		raw_write_note();
		recorder_unlock(&mark);
	}
}

/* --------------------------------------------------------------------- gadgets */

/* In raw_x86_64.S, filled with int3. */
extern unsigned char raw_gadgets[] HIDDEN;
extern const unsigned char raw_syscall[] HIDDEN; /* a bare one, for what does not come back */
extern const unsigned char raw_child[] HIDDEN;
#define GADGETS	    128
#define GADGET_SIZE 64

static uint64_t gadget_resume[GADGETS];
static uint32_t n_gadgets;

static bool makes_child(uint32_t nr)
{
	return nr == SYS_clone || nr == SYS_clone3;
}

/*
 * syscall; jmp *resume. Behind a call that makes a child:
 *
 *     syscall
 *     mov    %rax, %rcx
 *     jrcxz  1f
 *     jmp    *resume
 * 1:  lea    -128(%rsp), %rsp
 *     push   resume
 *     jmp    raw_child
 */
static unsigned make_gadget(unsigned char *code, uint64_t at, uint64_t resume, bool child)
{
	static const unsigned char plain[] = { 0x0f, 0x05, 0xff, 0x25, 0, 0, 0, 0 };
	static const unsigned char with_child[] = {
		0x0f, 0x05, 0x48, 0x89, 0xc1, 0xe3, 14,	  0xff, 0x25, 0,    0,
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,    0, /* resume: offset 13 */
		0x48, 0x8d, 0x64, 0x24, 0x80, 0xff, 0x35, 0xed, 0xff, 0xff, 0xff, /* back to 13 */
		0xe9, 0,    0,	  0,	0,
	};
	int32_t rel32 = (int32_t)((uintptr_t)raw_child - (at + sizeof(with_child)));

	if (!child) {
		memcpy(code, plain, sizeof(plain));
		memcpy(code + sizeof(plain), &resume, sizeof(resume));
		return sizeof(plain) + sizeof(resume);
	}
	memcpy(code, with_child, sizeof(with_child));
	memcpy(code + 13, &resume, sizeof(resume));
	memcpy(code + sizeof(with_child) - 4, &rel32, sizeof(rel32));
	return sizeof(with_child);
}

static bool write_gadget(uint32_t i, uint64_t resume, bool child)
{
	unsigned char code[GADGET_SIZE];
	uint64_t at = (uintptr_t)raw_gadgets + (uint64_t)i * GADGET_SIZE;
	unsigned size = make_gadget(code, at, resume, child);
	int mem = sites_open_memory();
	bool good;

	if (mem < 0)
		return false;
	good = sys_pwrite(mem, code, size, at) == (long)size;
	sys_close(mem);
	return good;
}

/* The gadget of a place; 0: none can be had. */
static uint64_t gadget_of(uint64_t resume, bool child)
{
	uint64_t key = resume | (uint64_t)child << 63;
	uint32_t n = __atomic_load_n(&n_gadgets, __ATOMIC_ACQUIRE), i;

	for (i = 0; i < n && i < GADGETS; i++)
		if (__atomic_load_n(&gadget_resume[i], __ATOMIC_ACQUIRE) == key)
			return (uintptr_t)raw_gadgets + (uint64_t)i * GADGET_SIZE;
	i = n < GADGETS ? __atomic_fetch_add(&n_gadgets, 1, __ATOMIC_ACQ_REL) : GADGETS;
	if (i >= GADGETS || !write_gadget(i, resume, child))
		return 0;
	__atomic_store_n(&gadget_resume[i], key, __ATOMIC_RELEASE);
	return (uintptr_t)raw_gadgets + (uint64_t)i * GADGET_SIZE;
}

uint64_t raw_resume(uint32_t nr, uint64_t resume)
{
	uint64_t gadget = started && makes_child(nr) ? gadget_of(resume, true) : 0;

	return gadget != 0 ? gadget + 2 : resume;
}

uint64_t raw_real_resume(uint64_t resume)
{
	uint64_t into = resume - (uintptr_t)raw_gadgets;

	if (into >= (uint64_t)GADGETS * GADGET_SIZE)
		return resume;
	return gadget_resume[into / GADGET_SIZE] & ~(1ULL << 63);
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
	const uint64_t args[6] = { (uint64_t)regs[REG_RDI], (uint64_t)regs[REG_RSI] };
	uint64_t gadget = gadget_of((uint64_t)regs[REG_RIP], makes_child(nr));

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
	const struct memory_area *area = memory_set_find(shim.space.set, addr);

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

	if (resync_reserve(range))
		resync_enter_own(&area);
}

/* Or code that is made later would be given a gap between the libraries, and be let by. */
static void fill_gaps(void)
{
	const struct memory_area *area;
	uint64_t at = allowed.start;

	while (at < allowed.end && (area = memory_set_find_from(shim.space.set, at)) != NULL) {
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

	if (!sites_see(SITE_SIGMASK) || !sites_see(SITE_SIGACTION))
		return "--raw can't be had: the calls that block signals are not seen";
	widen((uintptr_t)raw_start);
	sites_trusted(widen);
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
}

void raw_start(void)
{
	const char *wrong;

	if (shim.options.raw == 0)
		return;
	wrong = begin();
	__atomic_store_n(&note, NULL, __ATOMIC_RELAXED);
	if (wrong == NULL)
		return;
	started = false;
	ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED, wrong);
}

#else

void raw_give_up(const char *why)
{
	(void)why;
}

void raw_write_note(void)
{
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
