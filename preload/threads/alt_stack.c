/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <signal.h>
#include "base/sys.h"
#include "shim/shim.h"
#include "threads/alt_stack.h"
#include "threads/small_stack.h"
#include "threads/task.h"

#define STACK_SIZE 16384
#define N_STACKS   64
#define NO_MORE	   2 /* the last turn */

static unsigned char stacks[N_STACKS][STACK_SIZE] __attribute__((aligned(4096)));
static uint32_t owners[N_STACKS]; /* thread ids; 0: free */
static uint32_t hand;		  /* where to look for a thread that has ended */

uint32_t alt_stack_turn_now = 1;

static bool is_ours(const stack_t *stack)
{
	uintptr_t at = (uintptr_t)stack->ss_sp;

	return at >= (uintptr_t)stacks && at < (uintptr_t)stacks + sizeof(stacks);
}

static bool has_ended(uint32_t tid)
{
	return sys_call6(SYS_tgkill, (long)shim.pid, tid, 0, 0, 0, 0) == -ESRCH;
}

/* From @owner, unless another thread was quicker. */
static bool take(unsigned place, uint32_t owner, uint32_t tid)
{
	return __atomic_compare_exchange_n(&owners[place], &owner, tid, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

/* A free place, or that of a thread that is no more; NULL after looking at a few. */
static unsigned char *find_stack(uint32_t tid)
{
	for (unsigned i = 1; i < N_STACKS; i++) {
		uint32_t owner = __atomic_load_n(&owners[i], __ATOMIC_RELAXED);

		if ((owner == 0 || owner == tid) && take(i, owner, tid))
			return stacks[i];
	}
	for (unsigned i = 0; i < 4; i++) {
		unsigned place =
			1 + __atomic_add_fetch(&hand, 1, __ATOMIC_RELAXED) % (N_STACKS - 1);
		uint32_t owner = __atomic_load_n(&owners[place], __ATOMIC_RELAXED);

		if (has_ended(owner) && take(place, owner, tid))
			return stacks[place];
	}
	return NULL;
}

/* Go asks by an instruction of its own: where only libc is watched, it would see ours. */
static bool can_hide(void)
{
	return shim.options.sites != OPTION_SITES_LIBC;
}

static void give_back(const stack_t *now)
{
	const stack_t none = { .ss_flags = SS_DISABLE };

	if (is_ours(now))
		sys_sigaltstack(&none, NULL);
}

void alt_stack_give(struct thread *self)
{
	stack_t stack = { .ss_size = STACK_SIZE };
	stack_t old;
	bool no_more;

	if (self == &thread_nobody)
		return;
	self->alt_stack_turn = __atomic_load_n(&alt_stack_turn_now, __ATOMIC_RELAXED);
	no_more = self->alt_stack_turn == NO_MORE;
	if (shim.confined || !can_hide() || sys_sigaltstack(NULL, &old) < 0)
		return;
	if (no_more)
		give_back(&old);
	if (no_more || !(old.ss_flags & SS_DISABLE))
		return;
	stack.ss_sp = find_stack(task_tid_of(self));
	if (stack.ss_sp != NULL)
		sys_sigaltstack(&stack, NULL);
}

void alt_stack_withdraw(void)
{
	stack_t now;

	__atomic_store_n(&alt_stack_turn_now, NO_MORE, __ATOMIC_RELEASE);
	if (sys_sigaltstack(NULL, &now) == 0)
		give_back(&now);
}

int64_t alt_stack_sigaltstack(const uint64_t args[6])
{
	stack_t *old = (void *)(uintptr_t)args[1];
	const stack_t *set = (const void *)(uintptr_t)args[0];
	int64_t result = sys_call6(SYS_sigaltstack, (long)args[0], (long)args[1], 0, 0, 0, 0);

	if (result == 0 && set != NULL)
		small_stack_set(task_self(), (uintptr_t)set->ss_sp,
				set->ss_flags & SS_DISABLE ? 0 : set->ss_size);
	/* The kernel has just written it, so we can. */
	if (result == 0 && old != NULL && is_ours(old))
		*old = (stack_t){ .ss_flags = SS_DISABLE };
	return result;
}
