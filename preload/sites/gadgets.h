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

/* Before call sites are searched. @child: where children come first; NULL: no more. */
void gadgets_start(const void *child);

/* The gadget for call @nr of the place that goes on at @resume; 0: none can be had. */
uint64_t gadget_find(uint32_t nr, uint64_t resume);
/* Where a site's call goes on: behind the `syscall' of a gadget if it makes a child, else @resume.
 */
uint64_t gadget_resume(uint32_t nr, uint64_t resume);
/* The program's own place, if @resume is in a gadget; else @resume. */
uint64_t gadget_program_place(uint64_t resume);

#endif
