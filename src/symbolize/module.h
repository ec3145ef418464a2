/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOLIZE_MODULE_H
#define SYMBOLIZE_MODULE_H

/*
 * module - one file with code in it, opened for its symbols (private to src/symbolize)
 */

#include <elfutils/libdwfl.h>
#include "symbolize/symbolize.h"

/* Whether a module's file can be used for symbols, or why not. */
enum module_state {
	MODULE_GOOD = 0,
	MODULE_NO_FILE, /* not a file: [vdso], memory of the kernel's */
	MODULE_MISSING,
	MODULE_CHANGED,	   /* another build-id */
	MODULE_UNREADABLE, /* no ELF file, or damaged */
};

/*
 * A file, and what libdwfl has opened of it.
 *
 * @name:  the last part of the path
 * @bias:  what libdwfl adds to the file's own addresses
 */
struct module {
	struct vm_object object; /* its name is this module's own */
	char *path;
	const char *name;
	enum module_state state;
	Dwfl *dwfl;
	Dwfl_Module *dwfl_module;
	GElf_Addr bias;
	char *problem; /* one line, or NULL */
};

/* Opens the file of @object. Return: NULL when memory is short. */
struct module *module_create(const struct vm_object *object, const char *sysroot);
void module_destroy(struct module *module);

/* Tells the ELF address of the byte at @offset of the file; false when it is in no segment. */
bool module_address_of(const struct module *module, uint64_t offset, uint64_t *address);

bool module_find_name(const struct module *module, const char *name, uint64_t *address,
		      uint64_t *size);

#endif
