/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_ERRNO_H
#define VMA_VM_ERRNO_H

/*
 * vm_errno - the name and the text of an error number, without libc's tables
 */

/* "ENOMEM" for 12 and so on; NULL when unknown. */
const char *vm_errno_name(int error);
const char *vm_errno_text(int error);

#endif
