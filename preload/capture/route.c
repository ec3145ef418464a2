/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <sys/prctl.h>
#include "base/sys.h"
#include "crash/fault.h"
#include "capture/raw.h"
#include "capture/route.h"
#include "sites/sites.h"
#include "shim/shim.h"
#include "threads/task.h"
#include "vma/vm_abi.h"

void site_call_prctl(const uint64_t args[6])
{
	if (args[0] == RAW_SET_DISPATCH)
		raw_give_up("--raw was given up: the program uses it for itself");
}

#if defined(__x86_64__)

/* One row per system call that is caught. */
static const struct wanted {
	uint32_t nr;
	uint8_t op;
	uint8_t role;
} wanted[] = {
	{ SYS_mmap, VM_OP_MMAP, SITE_CALL },
	{ SYS_munmap, VM_OP_MUNMAP, SITE_CALL },
	{ SYS_mprotect, VM_OP_MPROTECT, SITE_CALL },
	{ SYS_pkey_mprotect, VM_OP_PKEY_MPROTECT, SITE_CALL },
	{ SYS_mremap, VM_OP_MREMAP, SITE_CALL },
	{ SYS_brk, VM_OP_BRK, SITE_CALL },
	{ SYS_shmat, VM_OP_SHMAT, SITE_CALL },
	{ SYS_shmdt, VM_OP_SHMDT, SITE_CALL },
	{ SYS_remap_file_pages, VM_OP_REMAP_FILE_PAGES, SITE_CALL },
	{ SYS_madvise, VM_OP_MADVISE, SITE_CALL },
	{ SYS_mlock, VM_OP_MLOCK, SITE_CALL },
	{ SYS_mlock2, VM_OP_MLOCK2, SITE_CALL },
	{ SYS_munlock, VM_OP_MUNLOCK, SITE_CALL },
	{ SYS_mlockall, VM_OP_MLOCKALL, SITE_CALL },
	{ SYS_munlockall, VM_OP_MUNLOCKALL, SITE_CALL },
	{ SYS_mseal, VM_OP_MSEAL, SITE_CALL },
	{ SYS_process_madvise, VM_OP_PROCESS_MADVISE, SITE_CALL },
	{ SYS_io_setup, VM_OP_IO_SETUP, SITE_CALL },
	{ SYS_io_destroy, VM_OP_IO_DESTROY, SITE_CALL },
	{ SYS_arch_prctl, VM_OP_ARCH_PRCTL, SITE_CALL },
	{ SYS_map_shadow_stack, VM_OP_MAP_SHADOW_STACK, SITE_CALL },
	{ SYS_personality, VM_OP_PERSONALITY, SITE_CALL },
	{ SYS_clone, VM_OP_FORK, SITE_FORK },
	{ SYS_clone3, VM_OP_NONE, SITE_FORK3 },
	{ SYS_vfork, VM_OP_NONE, SITE_VFORK },
	{ SYS_execve, VM_OP_EXEC, SITE_EXEC },
	{ SYS_execveat, VM_OP_EXECVEAT, SITE_EXEC },
	{ SYS_exit_group, VM_OP_NONE, SITE_EXIT },
	{ SYS_prctl, VM_OP_PRCTL, SITE_PRCTL },
	{ SYS_rt_sigaction, VM_OP_NONE, SITE_SIGACTION },
	{ SYS_sigaltstack, VM_OP_NONE, SITE_SIGALTSTACK },
	{ SYS_set_robust_list, VM_OP_NONE, SITE_THREAD },
	/* with raw=1 only */
	{ SYS_rt_sigprocmask, VM_OP_NONE, SITE_SIGMASK },
	{ SYS_rt_sigsuspend, VM_OP_NONE, SITE_WAIT },
	{ SYS_ppoll, VM_OP_NONE, SITE_WAIT },
	{ SYS_pselect6, VM_OP_NONE, SITE_WAIT },
	{ SYS_epoll_pwait, VM_OP_NONE, SITE_WAIT },
	{ SYS_epoll_pwait2, VM_OP_NONE, SITE_WAIT },
};
#define N_WANTED (sizeof(wanted) / sizeof(wanted[0]))

/* Filled from the table: 1 + its row. 64 KiB of which one page is ever touched. */
uint8_t site_wanted[1 << 16];

static bool is_for_raw(unsigned role)
{
	return role == SITE_SIGMASK || role == SITE_WAIT;
}

void site_calls_start(void)
{
	for (unsigned i = 0; i < N_WANTED; i++)
		if (!is_for_raw(wanted[i].role) || shim.options.raw != 0)
			site_wanted[wanted[i].nr] = (uint8_t)(i + 1);
}

static const struct wanted *row_of(uint32_t nr)
{
	static const struct wanted none = { 0, VM_OP_NONE, SITE_PASS };

	return site_call_is_wanted(nr) ? &wanted[site_wanted[nr] - 1] : &none;
}

enum site_role site_call_role(uint32_t nr)
{
	return row_of(nr)->role;
}

uint8_t site_call_op(uint32_t nr)
{
	return row_of(nr)->op;
}

/* ----------------------------------------------------------- a site is reached */

static struct site_answer run_original(uint64_t nr)
{
	return (struct site_answer){ (int64_t)nr, 1 };
}

/* As the code behind the site will find them; rbx is not among what a stub keeps. */
static struct unwind_regs registers_at_site(const struct site_frame *frame)
{
	return (struct unwind_regs){
		.pc = raw_real_resume(frame->resume),
		.sp = (uintptr_t)(frame + 1) + SITE_RED_ZONE,
		.bp = frame->rbp,
	};
}

static struct vm_call call_at_site(const struct wanted *row, const struct site_frame *frame)
{
	const uint64_t *args = frame->args;

	return (struct vm_call){
		.op = row->op,
		.tier = frame->index == RAW_INDEX ? VM_TIER_RAW : VM_TIER_SITE,
		.args = { args[0], args[1], args[2], args[3], args[4], args[5] },
	};
}

/* A child with the parent's memory and without a thread's storage of its own has the parent's. */
static void before_clone(uint64_t flags)
{
	if ((flags & CLONE_VM) && !(flags & CLONE_SETTLS))
		task_shares_storage(flags & CLONE_VFORK ? TASK_PARENT_WAITS : TASK_PARENT_RUNS);
}

void site_call_passes(uint32_t nr, const uint64_t args[6])
{
	switch (site_call_role(nr)) {
	case SITE_FORK:
		before_clone(args[0]);
		break;
	case SITE_FORK3: /* struct clone_args begins with the flags */
		if (args[1] >= sizeof(uint64_t))
			before_clone(*(const uint64_t *)(uintptr_t)args[0]);
		break;
	case SITE_VFORK:
		before_clone(CLONE_VM | CLONE_VFORK);
		break;
	default:
		break;
	}
}

/* musl's threads end so, and whoever makes threads without libc. */
static bool takes_own_stack(const struct wanted *row, const struct site_frame *frame)
{
	return row->op == VM_OP_MUNMAP && (uintptr_t)frame - frame->args[0] < frame->args[1];
}

static struct site_answer leave_stack(const struct wanted *row, uint64_t nr,
				      const struct site_frame *frame)
{
	const struct unwind_regs from = registers_at_site(frame);
	struct vm_call call = call_at_site(row, frame);

	recorder_leave_stack(&call, &from);
	return run_original(nr);
}

static struct site_answer record(const struct wanted *row, const struct site_frame *frame)
{
	const struct unwind_regs from = registers_at_site(frame);
	struct vm_call call = call_at_site(row, frame);

	return (struct site_answer){ row->role == SITE_EXEC ? exec_call(&call, &from)
							    : recorder_call(&call, &from),
				     0 };
}

static struct site_answer serve(const struct wanted *row, uint64_t nr,
				const struct site_frame *frame)
{
	const uint64_t *args = frame->args;

	switch (row->role) {
	case SITE_CALL:
		if (!vm_call_matters(row->op, args))
			break;
		if (unlikely(takes_own_stack(row, frame)))
			return leave_stack(row, nr, frame);
		return record(row, frame);
	case SITE_EXEC:
		return record(row, frame);
	case SITE_FORK:
		/* A child that shares the memory must not run our frames a second
		 * time, and one on a new stack would not find them. */
		if (!(args[0] & CLONE_VM) && args[1] == 0)
			return record(row, frame);
		site_call_passes(row->nr, args);
		break;
	case SITE_FORK3:
	case SITE_VFORK:
		site_call_passes(row->nr, args);
		break;
	case SITE_PRCTL:
		site_call_prctl(args);
		if (args[0] == PR_SET_SECCOMP)
			return (struct site_answer){ confine_call((long)nr, args), 0 };
		if (vm_call_matters(row->op, args))
			return record(row, frame);
		break;
	case SITE_EXIT:
		finish_at_exit((int)args[0]);
		break;
	case SITE_SIGACTION:
		return (struct site_answer){ raw_sigaction(args), 0 };
	case SITE_SIGMASK:
		return raw_sigmask(frame, nr);
	case SITE_WAIT:
		return raw_wait(frame, nr);
	case SITE_SIGALTSTACK:
		return (struct site_answer){ fault_sigaltstack(args), 0 };
	case SITE_THREAD:
		fault_thread_begins();
		break;
	}
	return run_original(nr);
}

struct site_answer site_reached(const struct site_frame *frame)
{
	uint32_t known = frame->index == RAW_INDEX ? SITE_ANY_NR : site_nr(frame->index);
	uint64_t nr = known == SITE_ANY_NR ? frame->rax : known;
	/* the kernel takes 32 bits of it */
	struct site_answer answer = serve(row_of((uint32_t)nr), nr, frame);

	/* The instruction itself would trap again. */
	if (frame->index == RAW_INDEX && answer.original)
		answer = (struct site_answer){ sys_call_with((long)nr, frame->args), 0 };
	return answer;
}

#endif
