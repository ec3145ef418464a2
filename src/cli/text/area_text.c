/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/text/area_text.h"
#include "vma/kernel_map.h"

static const struct vm_object *object_of(const struct vm_space *space,
					 const struct memory_area *area)
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
	const struct vm_object *object = object_of(space, area);

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

enum paint area_paint(enum area_kind kind, uint64_t flags)
{
	if (area_is_rwx(flags))
		return PAINT_DANGER;
	switch (kind) {
	case AREA_TEXT:
		return PAINT_TEXT;
	case AREA_DATA:
	case AREA_HEAP:
		return PAINT_DATA;
	case AREA_STACK:
		return PAINT_STACK;
	case AREA_OWN:
	case AREA_GUARD:
	case AREA_RESERVE:
		return PAINT_QUIET;
	default:
		return PAINT_NONE;
	}
}

const char *area_kernel_name(const struct vm_space *space, const struct memory_area *area,
			     size_t *len)
{
	const struct vm_object *object = object_of(space, area);
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

void area_maps_line(const struct vm_space *space, const struct memory_area *area, struct text *text)
{
	const struct vm_object *object = object_of(space, area);
	struct kernel_area line = {
		.range = area->range,
		.flags = area->flags & VM_VISIBLE,
		.offset = area->offset != MEMORY_AREA_NO_OFFSET ? area->offset : 0,
		.dev = object != NULL ? object->dev : 0,
		.ino = object != NULL ? object->ino : 0,
	};

	line.name = area_kernel_name(space, area, &line.name_len);
	kernel_area_format(text, &line);
}

static const struct flag_name {
	uint64_t flag;
	const char *name;
} flag_names[] = {
	{ VM_OWN, "own" },
	{ VM_GROWSDOWN, "growsdown" },
	{ VM_HEAP, "heap" },
	{ VM_SHM, "shm" },
	{ VM_DONTFORK, "dontfork" },
	{ VM_WIPEONFORK, "wipeonfork" },
	{ VM_GUARD, "guards" },
	{ VM_FILE, "file" },
	{ VM_LOCKED, "locked" },
	{ VM_SEALED, "sealed" },
	{ VM_AIO, "aio" },
	{ VM_SHADOW, "shadowstack" },
	{ VM_DROPPABLE, "droppable" },
};

const char *area_source_name(uint64_t flags)
{
	switch (flags & VM_SOURCE) {
	case VM_BASELINE:
		return "baseline";
	case VM_RESYNCED:
		return "resynced";
	}
	return "observed";
}

void area_flags(uint64_t flags, struct text *text)
{
	size_t before = text->len;

	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
		if (!(flags & flag_names[i].flag) || flag_names[i].flag == VM_FILE)
			continue;
		if (text->len > before)
			text_char(text, ',');
		text_string(text, flag_names[i].name);
	}
	if (text->len == before)
		text_char(text, '-');
}

void area_json(struct json *json, const struct vm_space *space, const struct memory_area *area)
{
	const struct vm_object *object = object_of(space, area);
	size_t len;
	const char *name = area_kernel_name(space, area, &len);

	json_address(json, "start", area->range.start);
	json_address(json, "end", area->range.end);
	json_unsigned(json, "size", area->range.end - area->range.start);
	json_perm(json, "perm", area->flags);
	json_string(json, "kind", area_kind_name(area_kind(space, area)));
	if (name != NULL)
		json_bytes(json, "name", name, len);
	else
		json_null(json, "name");
	if (object != NULL && object->ino != 0) {
		json_unsigned(json, "device_major", object->dev >> 32);
		json_unsigned(json, "device_minor", object->dev & UINT32_MAX);
		json_unsigned(json, "inode", object->ino);
	}
	if (area->offset != MEMORY_AREA_NO_OFFSET)
		json_address(json, "offset", area->offset);
	json_string(json, "source", area_source_name(area->flags));
	json_unsigned(json, "since", area->origin);
	json_unsigned(json, "changed", area->tag[VM_TAG_CHANGED]);
	json_array(json, "flags");
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (area->flags & flag_names[i].flag)
			json_string(json, NULL, flag_names[i].name);
	json_end_array(json);
}
