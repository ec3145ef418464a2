/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_STACKS_H
#define PRELOAD_STACKS_H

/*
 * stacks - who made the call: taken before the lock, stored once, by number
 *
 *     registers at the call   hooks.c, site_calls.c
 *           |
 *     stacks_take()           no lock: the thread's own stack, and the cache of rules
 *           |    \
 *           |    stack_rules.c   what the cache lacks, from .eh_frame: with the lock, for a moment
 *           |
 *     stacks_find()           with the lock: a table of all stacks
 *           |
 *     stacks_write()          with the lock: those that the segment lacks go to the ledger
 *
 * What is known about code and stacks without asking the map (rules in the cache,
 * how far up a thread's stack can be read) holds until a call changes the memory
 * it is about. The ranges it is about are kept, and a call that meets one of them
 * makes everything forgotten: before the call is made, because after it that
 * memory may be gone.
 */

#include <stdbool.h>
#include <stdint.h>
#include "unwind/unwind.h"
#include "vma/vm_call.h"

struct ledger_writer;

#define STACKS_DEPTH_MAX UNWIND_FRAMES_MAX

/* A stack in the table. */
struct stack_entry;

/**
 * stacks_take() - the stack of the calling thread
 * @trace: @max and @frames are set
 * @regs:  where it begins
 *
 * Without the lock, in any thread, handler or hook. trace->n is 0 when there is none.
 */
void stacks_take(struct unwind_trace *trace, const struct unwind_regs *regs);

/* All below: with the recorder's lock held. */

/* The entry of a stack, new or known; NULL when there is no stack. */
struct stack_entry *stacks_find(const struct unwind_trace *trace);

/* How many records writing this entry may take; 0 for NULL. */
uint32_t stacks_records(const struct stack_entry *entry);

/* Make sure the ledger's segment has it. Needs that room. Return: its number; 0 for NULL. */
uint32_t stacks_write(struct ledger_writer *writer, struct stack_entry *entry);

/* The ledger is a new one: nothing is in it yet. */
void stacks_new_ledger(void);

/* stack_rules.c */

extern const struct unwind_host stacks_host __attribute__((visibility("hidden")));

/* Before a call is made: forget what it would make untrue. */
void stacks_before_call(const struct vm_call *call);
/* As above, without the lock. */
void stacks_before_call_without_lock(const struct vm_call *call);
/* The kernel said something new about a range. */
void stacks_forget_range(struct addr_range range);

#endif
