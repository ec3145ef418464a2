/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/text/area_text.h"
#include "vma/kernel_map.h"

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

void area_maps_line(const struct vm_space *space, const struct memory_area *area, struct text *text)
{
	const struct vm_object *object = area_object(space, area);
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
	const struct vm_object *object = area_object(space, area);
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
