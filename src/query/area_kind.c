/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "query/area_kind.h"
#include "query/words.h"

const struct vm_object *area_object(const struct vm_space *space, const struct memory_area *area)
{
	return vm_objects_get(&space->objects, (uint32_t)area->tag[VM_TAG_OBJECT]);
}

/* As vma_is_initial_heap(). */
static bool is_heap(const struct vm_space *space, const struct memory_area *area)
{
	return area->range.start < space->brk && area->range.end > space->start_brk;
}

static bool is_stack(const struct vm_space *space, const struct memory_area *area)
{
	return space->start_stack == 0 ? (area->flags & VM_GROWSDOWN) != 0
				       : vm_has_main_stack(space, area);
}

static bool starts_with(const struct vm_object *object, const char *prefix)
{
	return strncmp(object->name, prefix, strlen(prefix)) == 0;
}

static enum area_kind kind_of_object(const struct vm_object *object, uint64_t flags)
{
	if (starts_with(object, "[vdso") || starts_with(object, "[vvar"))
		return AREA_VDSO;
	if (object->ino == 0)
		return AREA_KERNEL;
	if ((flags & VM_SHM) || starts_with(object, "/SYSV") || starts_with(object, "/memfd:") ||
	    starts_with(object, "/dev/shm/") || strcmp(object->name, "/dev/zero (deleted)") == 0)
		return AREA_SHM;
	if (flags & VM_EXEC)
		return AREA_TEXT;
	return flags & VM_WRITE ? AREA_DATA : AREA_FILE;
}

enum area_kind area_kind(const struct vm_space *space, const struct memory_area *area)
{
	const struct vm_object *object = area_object(space, area);

	if (area->flags & VM_OWN)
		return AREA_OWN;
	if (area->flags & VM_GUARD) /* whatever their protection says */
		return AREA_GUARD;
	if (object != NULL)
		return kind_of_object(object, area->flags);
	if ((area->flags & VM_HEAP) || is_heap(space, area))
		return AREA_HEAP;
	if ((area->flags & VM_GROWSDOWN) || is_stack(space, area))
		return AREA_STACK;
	if (area->flags & VM_SHM)
		return AREA_SHM;
	if ((area->flags & VM_PROT) == 0)
		return area->range.end - area->range.start <= AREA_GUARD_MAX ? AREA_GUARD
									     : AREA_RESERVE;
	return AREA_ANON;
}

const char *area_kind_name(enum area_kind kind)
{
	static const char *const names[AREA_KIND_COUNT] = {
		[AREA_OWN] = "own",	[AREA_HEAP] = "heap",	    [AREA_STACK] = "stack",
		[AREA_VDSO] = "vdso",	[AREA_KERNEL] = "kernel",   [AREA_SHM] = "shm",
		[AREA_TEXT] = "text",	[AREA_DATA] = "data",	    [AREA_FILE] = "file",
		[AREA_GUARD] = "guard", [AREA_RESERVE] = "reserve", [AREA_ANON] = "anon",
	};

	return names[kind];
}

const char *area_kernel_name(const struct vm_space *space, const struct memory_area *area,
			     size_t *len)
{
	const struct vm_object *object = area_object(space, area);
	const char *name = NULL;

	if (object != NULL) {
		*len = object->name_len;
		return object->name_len > 0 ? object->name : NULL;
	}
	if (is_heap(space, area))
		name = "[heap]";
	else if (is_stack(space, area))
		name = "[stack]";
	*len = name != NULL ? strlen(name) : 0;
	return name;
}

void area_what(const struct vm_space *space, const struct memory_area *area, struct text *text)
{
	size_t len;
	const char *name = area_kernel_name(space, area, &len);
	const char *slash;

	if (area->flags & VM_OWN) {
		text_string(text, name != NULL ? "this ledger" : "mapledger");
		return;
	}
	if (name == NULL) {
		text_char(text, '-');
		return;
	}
	/* "anon_inode:[io_uring]" has no path, "/memfd:a/b (deleted)" a name with slashes. */
	slash = name[0] == '/' ? memrchr(name, '/', len) : NULL;
	if (slash != NULL && strncmp(name, "/memfd:", 7) != 0) {
		len -= (size_t)(slash + 1 - name);
		name = slash + 1;
	}
	text_name(text, name, len);
}
