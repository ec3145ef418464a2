/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_KERNEL_READER_H
#define PRELOAD_KERNEL_READER_H

/*
 * kernel_reader - this process's map as the kernel has it, one area after the other
 *
 * Where areas come from is the ioctl, or lines of text on kernels that have no
 * PROCMAP_QUERY. One reader at a time, with the recorder's lock held: buffers are
 * static.
 */

#include "vma/kernel_map.h"

struct kernel_reader {
	int fd;
	uint64_t at;
	uint64_t end; /* of the last area handed out */
	bool by_text;
	struct kernel_map_text text;
	uint8_t build_id[VM_BUILD_ID_MAX]; /* of the last area, where the kernel tells */
	uint8_t build_id_len;
	uint64_t page_size; /* likewise */
};

/* Opens the kernel's map, from @start on. False: it can't be had now; @reader->fd says why. */
bool kernel_reader_open(struct kernel_reader *reader, uint64_t start);

/* Opens all of it, to be read as text whatever the kernel has: one reading of everything. */
bool kernel_reader_open_text(struct kernel_reader *reader);

/* Closes it, opened or not. Lines that could not be read are counted, also in the ledger. */
void kernel_reader_close(struct kernel_reader *reader);

/* Reads the area that @reader->at lies in, or the one above it. False at the end. None overlap. */
bool kernel_reader_next(struct kernel_reader *reader, struct kernel_area *area);

#endif
