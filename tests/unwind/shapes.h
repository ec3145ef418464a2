/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNWIND_SHAPES_H
#define TESTS_UNWIND_SHAPES_H

/*
 * shapes - stacks of frames such as compilers make, in a random order
 *
 * Small, large, growing (alloca), aligned and both, with all callee-saved registers
 * in use, through a callback of libc's, and through a signal's handler.
 */

#include <stdint.h>

/* Before the first; @flags: SA_ONSTACK, to have handlers on the thread's alternate stack. */
void shapes_start(int flags);

/* Calls @bottom below @depth such frames. Threads have streams of their own. */
void shapes_run(unsigned depth, uint64_t *random, void (*bottom)(void));

#endif
