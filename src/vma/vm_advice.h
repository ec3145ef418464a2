/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_ADVICE_H
#define VMA_VM_ADVICE_H

/*
 * vm_advice - which madvise() advice leaves something behind in the map, and what
 */

#include <stdbool.h>
#include <stdint.h>

/* What an advice sets and clears in an area's flags (VM_). */
struct vm_advice {
	uint32_t advice;
	uint64_t set;
	uint64_t clear;
};

/* Finds the row of an advice; NULL: it is about what pages hold, and leaves no flag. */
const struct vm_advice *vm_advice_find(uint32_t advice);

/* Does madvise with this advice do more than what pages hold? */
bool vm_advice_has_effect(uint32_t advice);

#endif
