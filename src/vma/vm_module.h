/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_MODULE_H
#define VMA_VM_MODULE_H

/*
 * vm_module - is a mapped file libc, a loader or another runtime, by its name?
 *
 * Three ask, each for another purpose, and so a name may be in several classes. The table
 * in vm_module.c is the only list: a library that is to be known is added there.
 */

#include <stdbool.h>

enum vm_module_class {
	/* glibc and its loader: their system call sites are known, and replaced without proof. */
	VM_MODULE_TRUSTED = 0x1,
	/* Any libc or loader: what it does for itself concerns no rule of the audit. */
	VM_MODULE_LIBC = 0x2,
	/* The C++ library or an allocator: it maps and unmaps for whoever called it. */
	VM_MODULE_RUNTIME = 0x4,
	/* Called by all, standing for none: passed over when one frame is to tell who called. */
	VM_MODULE_QUIET = 0x8,
};

/*
 * vm_module_is() - is a file in one of these classes?
 * @path:    the whole name or its last part, as in "/usr/lib/libc.so.6"
 * @classes: VM_MODULE_, one or more
 */
bool vm_module_is(const char *path, unsigned classes);

#endif
