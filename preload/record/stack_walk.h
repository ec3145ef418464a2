/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_STACK_WALK_H
#define PRELOAD_STACK_WALK_H

/*
 * stack_walk - the stack of a call, taken before the recorder's lock
 *
 *     registers at the call    capture/hooks.c, capture/route.c
 *           |
 *     stack_walk_take()        no lock: the thread's own stack, and the cache of rules
 *           |    \
 *           |     the map      what the cache lacks, from .eh_frame: with the lock, for a moment
 *           |
 *     stack_table_find()       with the lock: a table of all stacks
 *           |
 *     stack_table_write()      with the lock: those that the segment lacks go to the ledger
 *
 * While we have the lock nobody unmaps what is being read. Each answer is kept until a call
 * touches the memory that it is about: stacks/rule_cache.h.
 */

#include "unwind/unwind.h"

/**
 * stack_walk_take() - take the stack of the calling thread
 * @trace: @max and @frames are set
 * @regs:  where it begins
 *
 * Without the lock, in any thread, handler or hook. trace->n is 0 when there is none.
 */
void stack_walk_take(struct unwind_trace *trace, const struct unwind_regs *regs);

/* Answers a walk's questions about code and stacks from the cache and the map. */
extern const struct unwind_host stack_walk_host __attribute__((visibility("hidden")));

#endif
