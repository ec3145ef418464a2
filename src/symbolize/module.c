/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opens a file with code, found by name or build-id, and refuses one that was changed since it was
 * recorded
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "symbolize/module.h"
#include "vma/vm_flags.h"

#define DELETED " (deleted)"

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/* The kernel says so of files that were removed or replaced after they were mapped. */
static bool is_deleted(const char *name, size_t len)
{
	size_t tail = sizeof(DELETED) - 1;

	return len > tail && memcmp(name + len - tail, DELETED, tail) == 0;
}

static char *path_of(const struct vm_object *object, const char *sysroot)
{
	size_t len = object->name_len;
	char *path;

	if (is_deleted(object->name, len))
		len -= sizeof(DELETED) - 1;
	if (asprintf(&path, "%s%.*s", sysroot != NULL ? sysroot : "", (int)len, object->name) < 0)
		return NULL;
	return path;
}

/* -------------------------------------------------------------------------- opening */

static bool open_dwfl(struct module *module)
{
	GElf_Addr bias;

	module->dwfl = dwfl_begin(&callbacks);
	if (module->dwfl == NULL)
		return false;
	dwfl_report_begin(module->dwfl);
	module->dwfl_module = dwfl_report_offline(module->dwfl, module->name, module->path, -1);
	dwfl_report_end(module->dwfl, NULL, NULL);
	if (module->dwfl_module == NULL || dwfl_module_getelf(module->dwfl_module, &bias) == NULL)
		return false;
	module->bias = bias;
	return true;
}

static enum module_state compare_build_id(const struct module *module)
{
	const struct vm_object *object = &module->object;
	const unsigned char *bits;
	GElf_Addr vaddr;
	int len;

	if (object->build_id_len == 0)
		return MODULE_GOOD;
	len = dwfl_module_build_id(module->dwfl_module, &bits, &vaddr);
	if (len == object->build_id_len && memcmp(bits, object->build_id, (size_t)len) == 0)
		return MODULE_GOOD;
	return MODULE_CHANGED;
}

static enum module_state open_file(struct module *module)
{
	if (module->object.name[0] != '/' || strncmp(module->object.name, "/memfd:", 7) == 0 ||
	    strncmp(module->object.name, "/dev/", 5) == 0 ||
	    strncmp(module->object.name, "/SYSV", 5) == 0)
		return MODULE_NO_FILE;
	if (access(module->path, R_OK) != 0)
		return MODULE_MISSING;
	if (!open_dwfl(module))
		return MODULE_UNREADABLE;
	return compare_build_id(module);
}

static char *describe_problem(const struct module *module)
{
	char *problem = NULL;
	int len = 0;

	switch (module->state) {
	case MODULE_GOOD:
	case MODULE_NO_FILE:
		return NULL;
	case MODULE_MISSING:
		len = asprintf(&problem, "%s can't be read: %s; its frames have no names",
			       module->path, strerror(errno));
		break;
	case MODULE_CHANGED:
		len = asprintf(&problem,
			       "%s on disk has another build-id than was recorded; its frames have "
			       "no names",
			       module->path);
		break;
	case MODULE_UNREADABLE:
		len = asprintf(&problem, "%s is no ELF file; its frames have no names",
			       module->path);
		break;
	}
	return len < 0 ? NULL : problem;
}

struct module *module_create(const struct vm_object *object, const char *sysroot)
{
	struct module *module = calloc(1, sizeof(*module));
	const char *slash;

	if (module == NULL)
		return NULL;
	module->object = *object;
	module->object.name = strndup(object->name, object->name_len);
	module->path = path_of(object, sysroot);
	if (module->object.name == NULL || module->path == NULL) {
		module_destroy(module);
		return NULL;
	}
	slash = object->name[0] == '/' ? strrchr(module->path, '/') : NULL;
	module->name = slash != NULL ? slash + 1 : module->path;
	module->state = open_file(module);
	module->problem = describe_problem(module);
	return module;
}

void module_destroy(struct module *module)
{
	if (module == NULL)
		return;
	if (module->dwfl != NULL)
		dwfl_end(module->dwfl);
	free((char *)module->object.name);
	free(module->path);
	free(module->problem);
	free(module);
}

/* ------------------------------------------------------------------------- addresses */

/* In a segment: exactly, or in one of the whole pages that are mapped because of it. */
static bool is_in_segment(const GElf_Phdr *phdr, uint64_t offset, uint64_t page)
{
	uint64_t start = phdr->p_offset & ~(page - 1);
	uint64_t end = (phdr->p_offset + phdr->p_filesz + page - 1) & ~(page - 1);

	return offset >= start && offset < end;
}

static bool find_in_segments(Elf *elf, uint64_t offset, uint64_t page, uint64_t *address)
{
	size_t n;

	if (elf_getphdrnum(elf, &n) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr phdr;

		if (gelf_getphdr(elf, (int)i, &phdr) == NULL || phdr.p_type != PT_LOAD ||
		    !is_in_segment(&phdr, offset, page))
			continue;
		*address = offset - phdr.p_offset + phdr.p_vaddr;
		return true;
	}
	return false;
}

bool module_address_of(const struct module *module, uint64_t offset, uint64_t *address)
{
	GElf_Addr bias;
	Elf *elf;

	if (module->state != MODULE_GOOD)
		return false;
	elf = dwfl_module_getelf(module->dwfl_module, &bias);
	return elf != NULL && (find_in_segments(elf, offset, 1, address) ||
			       find_in_segments(elf, offset, VM_PAGE_SIZE, address));
}

bool module_find_name(const struct module *module, const char *name, uint64_t *address,
		      uint64_t *size)
{
	int n;

	if (module->state != MODULE_GOOD)
		return false;
	n = dwfl_module_getsymtab(module->dwfl_module);
	for (int i = 0; i < n; i++) {
		GElf_Sym sym;
		GElf_Addr at;
		const char *found = dwfl_module_getsym_info(module->dwfl_module, i, &sym, &at, NULL,
							    NULL, NULL);

		if (found == NULL || sym.st_shndx == SHN_UNDEF || strcmp(found, name) != 0 ||
		    GELF_ST_TYPE(sym.st_info) == STT_TLS)
			continue;
		*address = at - module->bias;
		*size = sym.st_size;
		return true;
	}
	return false;
}
