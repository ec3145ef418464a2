/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_PROCMAP_QUERY_H
#define VMA_PROCMAP_QUERY_H

/*
 * procmap_query - one area of a process, asked from the kernel without the text of all others
 */

#include "vma/kernel_map.h"

/**
 * kernel_map_query() - the area at or after an address, through PROCMAP_QUERY
 * @fd:       an open /proc/PID/maps
 * @name:     a buffer for the name, @name_size bytes (PATH_MAX + 16 is enough)
 * @build_id: VM_BUILD_ID_MAX bytes, or NULL
 * @build_id_len: set when @build_id is given
 *
 * Return: 0, -ENOENT when nothing is mapped at or after @addr, -ENOTTY (or
 * -EINVAL) when this kernel has no such ioctl, or another error.
 */
int kernel_map_query(int fd, uint64_t addr, struct kernel_area *area, char *name, size_t name_size,
		     uint8_t *build_id, uint8_t *build_id_len, uint64_t *page_size);

#endif
