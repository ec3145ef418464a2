/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_APPLY_H
#define VMA_VM_APPLY_H

/*
 * vm_apply - what a call does to the map
 *
 * vm_apply() is the only place that knows what a call does to the map. The shim
 * runs it with a performer that makes the system call; a reader of a ledger
 * runs it with one that returns what was recorded. Both end with the same map.
 *
 *     vm_apply -> memory_set (per request) -> vm_backend -> perform -> kernel
 *                                                              or -> the record
 */

#include "vma/vm_space.h"

/**
 * vm_apply() - perform a call and change the map accordingly
 * @call:   its result is set by the performer
 * @doubts: set to the ranges that must be read back now; a replay ignores them,
 *          because the records that follow hold the answers
 *
 * The call is performed exactly once whatever happens. A call whose effect
 * can't be applied (memory was not reserved) yields a doubt.
 *
 * Return: the call's result.
 */
int64_t vm_apply(struct vm_space *space, struct vm_call *call, struct vm_doubts *doubts);

#endif
