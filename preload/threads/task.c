/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/kcmp.h>
#include "base/sys.h"
#include "shim/shim.h"
#include "threads/task.h"

#define INITIAL_EXEC __attribute__((tls_model("initial-exec")))

/* In the thread's static block, so that reading it never allocates. 0: ask. */
static __thread uint32_t known INITIAL_EXEC;
/* Of the thread whose storage this is, while somebody else may be running on it. */
static __thread uint32_t home INITIAL_EXEC;
static __thread bool shared_for_good INITIAL_EXEC;

/* In a confined process a new thread can't ask: its place in memory tells it from others. */
#define MADE_UP (1u << 31)

static uint32_t make_up(void)
{
	return MADE_UP | (uint32_t)((uintptr_t)&known >> 4);
}

static uint32_t learn(void)
{
	uint32_t tid;

	if (shim.sandboxed)
		return home != 0 ? home : make_up();
	tid = (uint32_t)sys_gettid();
	if (home != 0 && (tid != home || shared_for_good))
		return tid;
	home = 0;
	known = tid;
	return tid;
}

uint32_t task_tid(void)
{
	return unlikely(known == 0) ? learn() : known;
}

uint32_t task_tid_asked(void)
{
	return (uint32_t)sys_gettid();
}

void task_shares_storage(enum task_parent parent)
{
	home = task_tid();
	shared_for_good = shared_for_good || parent == TASK_PARENT_RUNS;
	known = 0;
}

void task_forget(void)
{
	known = 0;
	home = 0;
	shared_for_good = false;
}

/* kcmp tells a process that executes another program, and a zombie, from one that is here. */
bool task_is_gone(uint32_t tid)
{
	long same;

	if (shim.sandboxed || (tid & MADE_UP))
		return false;
	same = sys_call6(SYS_kcmp, sys_gettid(), tid, KCMP_VM, 0, 0, 0);
	if (same >= 0)
		return same != 0;
	return same == -ESRCH || sys_call6(SYS_tkill, tid, 0, 0, 0, 0, 0) == -ESRCH;
}
