/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_KERNEL_MAP_H
#define VMA_KERNEL_MAP_H

/*
 * kernel_map - ask the kernel what is mapped
 *
 * Two ways in: the text of /proc/PID/maps, which every kernel has and which is
 * best for the whole map, and the PROCMAP_QUERY ioctl (Linux 6.11), which is
 * best for one range. Neither allocates. Both yield struct kernel_area.
 *
 * Reading is not atomic: one read(2) of the text returns less than a page, and
 * the map may change between two of them. Exclude writers, or read twice.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <memory_set/memory_set.h>
#include "vma/vm_object.h"

/*
 * One line of the kernel's map.
 *
 * @flags:  VM_READ, VM_WRITE, VM_EXEC, VM_SHARED
 * @offset: in bytes; 0 for anonymous memory
 * @name:   the label as printed, not terminated; @name_len 0 when there is none.
 *          Text escapes a newline as \012, the ioctl does not.
 */
struct kernel_area {
	struct addr_range range;
	uint64_t flags;
	uint64_t offset;
	uint64_t dev;
	uint64_t ino;
	const char *name;
	size_t name_len;
};

/**
 * kernel_area_parse() - read one line of /proc/PID/maps
 * @line, @end: the line without its newline
 *
 * Return: false when this is not such a line.
 */
bool kernel_area_parse(const char *line, const char *end, struct kernel_area *area);

/*
 * The map may change between two readings: an area that was handed out in part
 * comes again, now merged with what is behind it. This leaves the part from @start
 * on; false when there is none.
 */
bool kernel_area_cut(struct kernel_area *area, uint64_t start);

/* Is this name a label on plain memory ([heap], [stack], [anon:x]), not an object? */
bool kernel_name_is_label(const char *name, size_t len);

/*
 * The area as it goes into a memory_set: visible flags and VM_FILE, offset or
 * MEMORY_AREA_NO_OFFSET, and its object interned into @objects. origin and
 * tag[VM_TAG_CHANGED] are 0. VM_GROWSDOWN is set on [stack], VM_UPROBES on
 * [uprobes] and [uprobes-trampoline].
 *
 * Return: 0 or -ENOMEM.
 */
int kernel_area_to_memory_area(const struct kernel_area *from, struct vm_objects *objects,
			       struct memory_area *to);

/*
 * Reads text from a descriptor in the caller's buffer, and hands out one line
 * after the other.
 */
struct kernel_map_text {
	int fd;
	char *buffer;
	size_t size;
	size_t used;  /* bytes in the buffer */
	size_t at;    /* of the next line */
	uint64_t end; /* of the last area handed out */
	int error;    /* what read(2) said; 0 so far */
	uint32_t n_bad_lines;
};

/* Begins to read. @size must hold the longest line: 8 KiB is enough for a path of PATH_MAX. */
void kernel_map_text_init(struct kernel_map_text *map, int fd, char *buffer, size_t size);

/*
 * The next line, its name pointing into the buffer until the next call; false at the
 * end. Areas never overlap: see kernel_area_cut().
 */
bool kernel_map_text_next(struct kernel_map_text *map, struct kernel_area *area);

/*
 * "start-end rwxp offset maj:min inode   name\n" exactly as fs/proc/task_mmu.c
 * prints it, with a newline in @name as \012.
 */
struct text;
void kernel_area_format(struct text *text, const struct kernel_area *area);

#endif
