/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_RULE_CACHE_H
#define PRELOAD_RULE_CACHE_H

/*
 * rule_cache - what is known about code and stacks without asking the map
 *
 * Rules for unwinding, by return address, and how far up a thread's stack can be read. Both hold
 * until a call changes the memory they are about. The ranges they are about are kept, and a
 * call that meets one of them makes everything forgotten: before the call is made, because
 * after it that memory may be gone.
 *
 * With the recorder's lock held, but for what says otherwise.
 */

#include <stdint.h>
#include <memory_set/memory_set.h>
#include "unwind/unwind.h"
#include "vma/vm_call.h"

/* The rules. Read without the lock, too. */
extern struct unwind_cache rule_cache __attribute__((visibility("hidden")));

/* A rule in the cache is about code in @range; a thread knows that its stack is @range. */
void rule_cache_keep_code(struct addr_range range);
void rule_cache_keep_stack(struct addr_range range);

/* Forgets what is known about a range: the kernel said something new about it. */
void rule_cache_forget_range(struct addr_range range);

/* Forgets what @call, which is about to be made, would make untrue. @brk: the break before it. */
void rule_cache_before_call(const struct vm_call *call, uint64_t brk);

/* Forgets as rule_cache_before_call() does, for a call that is made without the lock. */
void rule_cache_before_call_without_lock(const struct vm_call *call, uint64_t brk);

extern uint64_t rule_cache_stacks_now __attribute__((visibility("hidden")));

/*
 * What a thread knows of its stacks holds while this number stays. From 1, so that a new thread
 * knows nothing. Without the lock.
 */
static inline uint64_t rule_cache_stacks_generation(void)
{
	return __atomic_load_n(&rule_cache_stacks_now, __ATOMIC_ACQUIRE);
}

#endif
