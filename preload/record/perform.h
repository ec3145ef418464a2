/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_PERFORM_H
#define PRELOAD_PERFORM_H

/*
 * perform - the one system call that a recorded call makes
 */

#include <stdint.h>
#include "vma/vm_call.h"

/* Makes @call as the program made it, and keeps its result. Return: that. */
int64_t perform_call(struct vm_call *call);

/*
 * Makes @call with the lock marked as waiting for the kernel: the performer of the map's
 * vm_space, a vm_perform_fn. Return: its result; -EOWNERDEAD when the lock was lost meanwhile.
 */
int64_t perform_for_space(void *context, struct vm_call *call);

#endif
