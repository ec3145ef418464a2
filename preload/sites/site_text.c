/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "base/sys.h"
#include "sites/site_text.h"
#include "map/map.h"
#include "shim/shim.h"

#define HEADERS_MAX 40
#define REACH	    (1ULL << 30) /* no file is mapped over more */

/* Guarded by the recorder's lock, or read before main(). */
static struct {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[HEADERS_MAX];
} head;

unsigned char site_text_held[SITE_TEXT_HELD_MAX];

/* ---------------------------------------------------------------- reading */

/* The address of a byte of the file, where it is mapped. */
static bool find_mapped(struct site_text *text, uint64_t offset, uint64_t *addr)
{
	struct addr_range around = { text->range.start > REACH ? text->range.start - REACH : 0,
				     text->range.end + REACH };
	struct memory_set_iter iter = memory_set_iter_from_start(map.space.set, around);
	const struct memory_area *area;

	*addr = text->near.start + (offset - text->near_offset);
	if (offset >= text->near_offset && *addr < text->near.end)
		return true;
	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (area->tag[VM_TAG_OBJECT] == text->object && offset >= area->offset &&
		    offset - area->offset < area->range.end - area->range.start) {
			*addr = area->range.start + (offset - area->offset);
			text->near = area->range;
			text->near_offset = area->offset;
			return true;
		}
	return false;
}

long site_text_read_some(struct site_text *text, uint64_t offset, void *buffer, size_t size)
{
	uint64_t addr;

	if (text->fd >= 0)
		return sys_pread(text->fd, buffer, size, offset);
	if (!find_mapped(text, offset, &addr))
		return 0;
	if (size > text->near.end - addr)
		size = text->near.end - addr; /* behind it is something else */
	return sys_pread(text->mem, buffer, size, addr);
}

long site_text_hold(struct site_text *text, uint64_t offset, size_t size)
{
	long got = site_text_read_some(text, offset, site_text_held, size);

	text->held = (struct addr_range){ offset, offset + (got > 0 ? (uint64_t)got : 0) };
	return got;
}

bool site_text_read(struct site_text *text, uint64_t offset, void *buffer, size_t size)
{
	uint64_t into = offset - text->held.start;
	uint64_t n_held = text->held.end - text->held.start;

	if (into > n_held || size > n_held - into)
		return site_text_read_some(text, offset, buffer, size) == (long)size;
	memcpy(buffer, site_text_held + into, size);
	return true;
}

bool site_text_read_at(struct site_text *text, uint64_t addr, void *buffer, size_t size)
{
	uint64_t offset;

	return site_text_to_offset(text, addr, &offset) &&
	       site_text_read(text, offset, buffer, size);
}

bool site_text_memory(const struct site_text *text, uint64_t addr, void *buffer, size_t size)
{
	return sys_pread(text->mem, buffer, size, addr) == (long)size;
}

bool site_text_to_addr(const struct site_text *text, uint64_t offset, uint64_t *addr)
{
	for (unsigned i = 0; i < text->n_loads; i++)
		if (offset - text->load[i].offset < text->load[i].size) {
			*addr = text->load[i].addr + (offset - text->load[i].offset);
			return true;
		}
	return false;
}

bool site_text_to_offset(const struct site_text *text, uint64_t addr, uint64_t *offset)
{
	for (unsigned i = 0; i < text->n_loads; i++)
		if (addr - text->load[i].addr < text->load[i].size) {
			*offset = text->load[i].offset + (addr - text->load[i].addr);
			return true;
		}
	return false;
}

/* ------------------------------------------------------------- the ELF header */

/* The build id is the note of type 3 whose owner is "GNU". Go's linker leaves one of its own. */
static void read_notes(struct site_text *text, const Elf64_Phdr *notes)
{
	struct {
		Elf64_Nhdr head;
		char owner[4];
		uint8_t id[20];
	} note;
	uint64_t at = 0;

	while (at + sizeof(note) <= notes->p_filesz &&
	       site_text_read(text, notes->p_offset + at, &note, sizeof(note))) {
		text->is_go |= note.head.n_namesz == 4 && memcmp(note.owner, "Go", 3) == 0;
		if (note.head.n_type == NT_GNU_BUILD_ID && note.head.n_namesz == 4 &&
		    memcmp(note.owner, "GNU", 4) == 0 &&
		    note.head.n_descsz <= sizeof(text->build_id)) {
			text->build_id_len = note.head.n_descsz;
			memcpy(text->build_id, note.id, note.head.n_descsz);
		}
		at += sizeof(note.head) + ((note.head.n_namesz + 3ULL) & ~3ULL) +
		      ((note.head.n_descsz + 3ULL) & ~3ULL);
	}
}

static void read_program_header(struct site_text *text, const Elf64_Phdr *phdr)
{
	if (phdr->p_type == PT_LOAD && text->n_loads < SITE_LOADS_MAX)
		text->load[text->n_loads++] =
			(struct site_load){ phdr->p_offset, phdr->p_vaddr, phdr->p_filesz };
	else if (phdr->p_type == PT_GNU_EH_FRAME)
		text->eh_frame_hdr = phdr->p_vaddr;
}

static bool read_elf_header(struct site_text *text)
{
	const Elf64_Ehdr *ehdr = &head.ehdr;

	return site_text_read(text, 0, &head.ehdr, sizeof(head.ehdr)) &&
	       memcmp(ehdr->e_ident, ELFMAG, SELFMAG) == 0 &&
	       ehdr->e_ident[EI_CLASS] == ELFCLASS64 && ehdr->e_phentsize == sizeof(Elf64_Phdr) &&
	       ehdr->e_phnum <= HEADERS_MAX &&
	       site_text_read(text, ehdr->e_phoff, head.phdr, ehdr->e_phnum * sizeof(head.phdr[0]));
}

void site_text_end(struct site_text *text)
{
	if (text->fd >= 0 && !text->given)
		sys_close(text->fd);
	text->fd = -1;
}

/* --------------------------------------------------------------- the file by name */

/* The device is not compared: overlayfs and btrfs show stat another one. */
static bool is_object(const struct stat *st, const struct vm_object *object)
{
	return S_ISREG(st->st_mode) && st->st_ino == object->ino;
}

static bool is_same_file(int fd, const struct vm_object *object)
{
	struct stat st;

	return sys_call6(SYS_fstat, fd, (long)&st, 0, 0, 0, 0) == 0 && is_object(&st, object);
}

/* Looked at before it is opened: opening a device may do something. */
static bool has_same_name(const struct vm_object *object)
{
	struct stat st;

	return object->name[0] == '/' &&
	       sys_call6(SYS_newfstatat, AT_FDCWD, (long)object->name, (long)&st, 0, 0, 0) == 0 &&
	       is_object(&st, object);
}

/* A descriptor for O_DIRECT does not take our buffers; one of a device is not to be read. */
static void check_given(struct site_text *text, const struct vm_object *object)
{
	unsigned char byte[2];

	if (text->fd >= 0 && object != NULL && is_same_file(text->fd, object) &&
	    sys_pread(text->fd, byte, sizeof(byte), text->offset) == sizeof(byte))
		return;
	text->fd = -1;
	text->given = false;
}

void site_text_begin(struct site_text *text)
{
	check_given(text, vm_objects_get(&map.space.objects, text->object));
	if (!read_elf_header(text))
		return;
	for (unsigned i = 0; i < head.ehdr.e_phnum; i++)
		read_program_header(text, &head.phdr[i]);
	for (unsigned i = 0; i < head.ehdr.e_phnum; i++)
		if (head.phdr[i].p_type == PT_NOTE)
			read_notes(text, &head.phdr[i]);
	text->section_headers = head.ehdr.e_shoff;
	text->section_names = head.ehdr.e_shstrndx;
	text->n_section_headers =
		head.ehdr.e_shentsize == sizeof(Elf64_Shdr) ? head.ehdr.e_shnum : 0;
}

bool site_text_open(struct site_text *text)
{
	const struct vm_object *object = vm_objects_get(&map.space.objects, text->object);

	if (text->fd >= 0 || text->looked)
		return text->fd >= 0;
	text->looked = true;
	if (object == NULL || !has_same_name(object))
		return false;
	text->fd = (int)sys_openat(AT_FDCWD, object->name,
				   O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (text->fd >= 0 && !is_same_file(text->fd, object)) {
		sys_close(text->fd);
		text->fd = -1;
	}
	return text->fd >= 0;
}
