/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_AREA_KIND_H
#define QUERY_AREA_KIND_H

/*
 * area_kind - what an area of a folded map is: its kind, its object and its name
 *
 * The kernel names heap and stack by their addresses alone, so that the answers
 * depend on the space: where its break and its first stack lie. Areas are those
 * of @space's set, or runs of them.
 */

#include "base/text.h"
#include "vma/vm_space.h"

/* Of all that an area may be, the first row that fits. */
enum area_kind {
	AREA_OWN, /* mapledger's */
	AREA_HEAP,
	AREA_STACK,
	AREA_VDSO,
	AREA_KERNEL, /* another page of the kernel's */
	AREA_SHM,    /* shared memory without a file of its own */
	AREA_TEXT,   /* a file, executable */
	AREA_DATA,   /* a file, writable */
	AREA_FILE,
	AREA_GUARD,   /* anonymous, no access, at most AREA_GUARD_MAX bytes */
	AREA_RESERVE, /* anonymous, no access, larger */
	AREA_ANON,
	AREA_KIND_COUNT,
};

#define AREA_GUARD_MAX (1ull << 20) /* bytes */

/* What kind of area is it? One answer for every area, never AREA_KIND_COUNT. */
enum area_kind area_kind(const struct vm_space *space, const struct memory_area *area);

/* "heap", "anon", ...: the word for a kind, as --kind takes it. */
const char *area_kind_name(enum area_kind kind);

/* Is memory with these flags writable and executable at once? */
static inline bool area_is_rwx(uint64_t flags)
{
	return (flags & (VM_WRITE | VM_EXEC)) == (VM_WRITE | VM_EXEC);
}

/* The object that an area maps; NULL: anonymous memory. It is the space's. */
const struct vm_object *area_object(const struct vm_space *space, const struct memory_area *area);

/**
 * area_kernel_name() - the name that /proc/PID/maps shows for an area
 * @len: set to its length in bytes; it may hold any byte
 *
 * The object's name, or [heap] or [stack], which follow from the addresses
 * (fs/proc/task_mmu.c). Return: the space's or a constant string, or NULL.
 */
const char *area_kernel_name(const struct vm_space *space, const struct memory_area *area,
			     size_t *len);

/* The last part of the area's name, printable; "-" when there is none. */
void area_what(const struct vm_space *space, const struct memory_area *area, struct text *text);

#endif
