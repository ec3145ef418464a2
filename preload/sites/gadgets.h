/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_GADGETS_H
#define PRELOAD_GADGETS_H

/*
 * gadgets - copies of a `syscall' instruction that jump back to where the program goes on
 *
 * A call that must run with the program's own stack and registers, but not at the program's
 * own instruction, runs in a gadget: one for each place that calls, written once into a page
 * of the shim's text. Behind one that makes a thread or a child of fork, the child goes to an
 * entry of the shim first. Wanted with raw=1 only: without gadgets_start() there are none.
 */

#include <stdint.h>

/* From now on children are led to the code @child first; NULL: no more. Before call sites are
 * searched. */
void gadgets_start(const void *child);

/* Finds or makes the gadget that makes the call @nr, and goes on at @resume. 0: none can be had. */
uint64_t gadget_find(uint32_t nr, uint64_t resume);
/* Tells where the call @nr of a patched site goes on: behind the `syscall' of a gadget if it makes
 * a child, else at @resume. */
uint64_t gadget_resume(uint32_t nr, uint64_t resume);
/* Tells the program's place that a gadget at @resume goes on at; where there is none, @resume. */
uint64_t gadget_program_place(uint64_t resume);

#endif
