/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AREA_TEXT_H
#define CLI_AREA_TEXT_H

/*
 * area_text - what an area is, in a word, and how it is printed
 */

#include "base/text.h"
#include "cli/text/json.h"
#include "cli/text/output.h"
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
	AREA_GUARD,   /* anonymous, no access, small */
	AREA_RESERVE, /* anonymous, no access, large */
	AREA_ANON,
	AREA_KIND_COUNT,
};

#define AREA_GUARD_MAX (1ull << 20)

enum area_kind area_kind(const struct vm_space *space, const struct memory_area *area);
const char *area_kind_name(enum area_kind kind);
enum paint area_paint(enum area_kind kind, uint64_t flags);

/* Writable and executable at once. */
static inline bool area_is_rwx(uint64_t flags)
{
	return (flags & (VM_WRITE | VM_EXEC)) == (VM_WRITE | VM_EXEC);
}

/*
 * The name the kernel prints for this run: the object's, or [heap] or [stack],
 * which follow from the addresses (fs/proc/task_mmu.c). May be NULL.
 */
const char *area_kernel_name(const struct vm_space *space, const struct memory_area *area,
			     size_t *len);

/* The last part of the name, printable; "-" when there is none. */
void area_what(const struct vm_space *space, const struct memory_area *area, struct text *text);

/* The line of /proc/PID/maps for a canonical run. */
void area_maps_line(const struct vm_space *space, const struct memory_area *area,
		    struct text *text);

/* "baseline", "resynced" or "observed": where the fact that it is there comes from. */
const char *area_source_name(uint64_t flags);

/* What /proc/PID/maps does not show: "growsdown,dontfork"; "-" when there is nothing. */
void area_flags(uint64_t flags, struct text *text);

/* The members of an open JSON object. */
void area_json(struct json *json, const struct vm_space *space, const struct memory_area *area);

#endif
