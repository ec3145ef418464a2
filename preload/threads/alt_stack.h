/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_ALT_STACK_H
#define PRELOAD_ALT_STACK_H

/*
 * alt_stack - gives an alternate signal stack to threads that have none
 *
 * A thread that runs into the guard below its stack has no room for a signal
 * frame, and the kernel kills the process without a handler. So the first
 * threads are given a stack each, out of our own data: no mapping of ours more.
 * The program is told that there is none, and what it sets itself replaces ours.
 *
 * A handler of the program that asks for an alternate stack (SA_ONSTACK) where it
 * set none would now run on ours, which is small. So that thread gives ours back
 * when it sets such a handler, all others do with their next call, and no thread is
 * given one any more. Should a handler come first and use more than there is, it
 * uses another thread's, which is empty; below the first lies one that is nobody's.
 */

#include <stdint.h>
#include "threads/thread_table.h"

/* Gives the calling thread, @self, an alternate stack, where it has none and we have one. */
void alt_stack_give(struct thread *self);

/*
 * Takes the shim's alternate stack from the calling thread, if it has one, and lets all others give
 * theirs back: the program has set a handler that asks for an alternate stack of its own.
 */
void alt_stack_withdraw(void);

/*
 * Makes the program's sigaltstack call, and takes what it tells about our stack out of the
 * answer. Return: its result.
 */
int64_t alt_stack_sigaltstack(const uint64_t args[6]);

/*
 * A number that changes once, when no thread is to have an alternate stack of the shim's any more.
 * A thread whose @alt_stack_turn differs has not been given one yet, or has to give it back:
 * alt_stack_give().
 */
extern uint32_t alt_stack_turn_now __attribute__((visibility("hidden")));

#endif
