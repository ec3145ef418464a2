/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_ELF_IMAGE_H
#define UNWIND_ELF_IMAGE_H

/*
 * elf_image - finds the unwind tables of a mapped ELF file
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>

/**
 * elf_find_eh_frame_hdr() - find the address of .eh_frame_hdr
 * @head: readable memory that shows the file's first bytes
 * @at:   an address in the code of the file
 * @hdr:  the result
 *
 * Return: false when it is no ELF file of this machine, has no such table, or is
 * not mapped so that @at would be code of it.
 */
bool elf_find_eh_frame_hdr(struct addr_range head, uint64_t at, uint64_t *hdr);

#endif
