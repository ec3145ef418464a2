/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_CALL_FORMAT_H
#define VMA_VM_CALL_FORMAT_H

/*
 * vm_call_format - a call as text
 */

#include "vma/vm_call.h"

struct text;

/*
 * vm_call_format() - the call as strace would print it, with its result
 *
 *     mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000
 *     mprotect(0x7f0000001000, 4097, PROT_READ) = -1 ENOMEM (Cannot allocate memory)
 *
 * A call without a result yet ends in " = ?" when @finished is false.
 */
void vm_call_format(struct text *text, const struct vm_call *call, bool finished);

#endif
