/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The program headers of a mapped ELF file, read where the file is mapped
 */

#include <elf.h>
#include <string.h>
#include "unwind/elf_image.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE
#endif

#define SEGMENTS_MAX 64

static bool read_head(struct addr_range head, Elf64_Ehdr *elf)
{
	uint64_t size = head.end - head.start;

	if (size < sizeof(*elf))
		return false;
	memcpy(elf, (const void *)(uintptr_t)head.start, sizeof(*elf));
	return memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 && elf->e_ident[EI_CLASS] == ELFCLASS64 &&
	       elf->e_machine == MACHINE && elf->e_phentsize == sizeof(Elf64_Phdr) &&
	       elf->e_phnum <= SEGMENTS_MAX && elf->e_phoff <= size &&
	       size - elf->e_phoff >= elf->e_phnum * sizeof(Elf64_Phdr);
}

static void read_segment(struct addr_range head, const Elf64_Ehdr *elf, unsigned i,
			 Elf64_Phdr *segment)
{
	memcpy(segment, (const void *)(uintptr_t)(head.start + elf->e_phoff + i * sizeof(*segment)),
	       sizeof(*segment));
}

/* What is added to the file's addresses; @head shows the segment at offset 0. */
static bool find_bias(struct addr_range head, const Elf64_Ehdr *elf, uint64_t *bias)
{
	Elf64_Phdr segment;

	for (unsigned i = 0; i < elf->e_phnum; i++) {
		read_segment(head, elf, i, &segment);
		if (segment.p_type == PT_LOAD && segment.p_offset == 0) {
			*bias = head.start - segment.p_vaddr;
			return true;
		}
	}
	return false;
}

bool elf_find_eh_frame_hdr(struct addr_range head, uint64_t at, uint64_t *hdr)
{
	bool is_code = false, found = false;
	Elf64_Phdr segment;
	Elf64_Ehdr elf;
	uint64_t bias;

	if (!read_head(head, &elf) || !find_bias(head, &elf, &bias))
		return false;
	for (unsigned i = 0; i < elf.e_phnum; i++) {
		read_segment(head, &elf, i, &segment);
		if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X))
			is_code |= at - bias - segment.p_vaddr < segment.p_memsz;
		if (segment.p_type == PT_GNU_EH_FRAME) {
			*hdr = bias + segment.p_vaddr;
			found = true;
		}
	}
	return is_code && found;
}
