/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include "base/sys.h"
#include "capture/confine.h"
#include "capture/exec.h"
#include "capture/raw.h"
#include "capture/route.h"
#include "crash/fault.h"
#include "record/finish.h"
#include "record/recorder.h"
#include "shim/shim.h"
#include "sites/call_table.h"
#include "sites/gadgets.h"
#include "sites/site_table.h"
#include "sites/sites.h"
#include "threads/alt_stack.h"
#include "vma/vm_abi.h"

void route_prctl(const uint64_t args[6])
{
	if (args[0] == RAW_SET_DISPATCH)
		raw_give_up("--raw was given up: the program uses it for itself");
}

#if defined(__x86_64__)

static struct site_answer run_original(uint64_t nr)
{
	return (struct site_answer){ (int64_t)nr, 1 };
}

/* As the code behind the site will find them; rbx is not among what a stub keeps. */
static struct unwind_regs registers_at_site(const struct site_frame *frame)
{
	return (struct unwind_regs){
		.pc = gadget_program_place(frame->resume),
		.sp = (uintptr_t)(frame + 1) + SITE_RED_ZONE,
		.bp = frame->rbp,
	};
}

static struct vm_call call_at_site(uint8_t op, const struct site_frame *frame)
{
	const uint64_t *args = frame->args;

	return (struct vm_call){
		.op = op,
		.tier = frame->index == RAW_INDEX ? VM_TIER_RAW : VM_TIER_SITE,
		.args = { args[0], args[1], args[2], args[3], args[4], args[5] },
	};
}

/* musl's threads end so, and whoever makes threads without libc. */
static bool takes_own_stack(const struct site_call *row, const struct site_frame *frame)
{
	return row->op == VM_OP_MUNMAP && (uintptr_t)frame - frame->args[0] < frame->args[1];
}

static struct site_answer leave_stack(const struct site_call *row, uint64_t nr,
				      const struct site_frame *frame)
{
	const struct unwind_regs from = registers_at_site(frame);
	struct vm_call call = call_at_site(row->op, frame);

	recorder_leave_stack(&call, &from);
	return run_original(nr);
}

static struct site_answer record(const struct site_call *row, const struct site_frame *frame)
{
	const struct unwind_regs from = registers_at_site(frame);
	struct vm_call call = call_at_site(row->op, frame);

	return (struct site_answer){ row->role == SITE_EXEC ? exec_call(&call, &from)
							    : recorder_call(&call, &from),
				     0 };
}

static struct site_answer serve(const struct site_call *row, uint64_t nr,
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
		route_prctl(args);
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
		return (struct site_answer){ alt_stack_sigaltstack(args), 0 };
	case SITE_THREAD:
		fault_thread_begins();
		break;
	}
	return run_original(nr);
}

static struct site_answer reached(const struct site_frame *frame)
{
	uint32_t known = frame->index == RAW_INDEX ? SITE_ANY_NR : site_nr(frame->index);
	uint64_t nr = known == SITE_ANY_NR ? frame->rax : known;
	/* the kernel takes 32 bits of it */
	struct site_answer answer = serve(site_call_of((uint32_t)nr), nr, frame);

	/* The instruction itself would trap again. */
	if (frame->index == RAW_INDEX && answer.original)
		answer = (struct site_answer){ sys_call_with((long)nr, frame->args), 0 };
	return answer;
}

void route_start(void)
{
	sites_start(reached);
}

#else

void route_start(void)
{
	sites_start(NULL);
}

#endif
