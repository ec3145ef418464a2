/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/text.h"
#include "vma/vm_module.h"
#include "capture/scope.h"

/* ld.so's, for debuggers. Data: whoever else shows the name has copied it. */
extern struct r_debug _r_debug __attribute__((weak));

/* ----------------------------------------------------------- one library's symbols */

#define HIDDEN_VERSION 0x8000 /* in DT_VERSYM: an old one, for who was linked with it */

/* DT_GNU_HASH; followed by the bloom filter, the buckets, and the hashes of all symbols. */
struct gnu_hash {
	uint32_t n_buckets;
	uint32_t first; /* symbol with a hash */
	uint32_t n_bloom;
	uint32_t shift;
};

struct symbols {
	uint64_t bias;
	const Elf64_Sym *table;
	const char *names;
	const uint16_t *versions; /* NULL: none */
	const struct gnu_hash *hash;
	const uint32_t *old_hash; /* DT_HASH */
};

/*
 * ld.so puts addresses in place of the file's, but not in all libraries. Addresses are near
 * where the dynamic section is; l_addr may be "negative".
 */
static const void *entry_address(const struct link_map *library, const Elf64_Dyn *entry)
{
	uint64_t value = entry->d_un.d_ptr;
	uint64_t distance = value - (uintptr_t)library->l_ld + (1ULL << 31);

	return (const void *)(uintptr_t)(distance < 1ULL << 32 ? value : value + library->l_addr);
}

static bool open_symbols(const struct link_map *library, struct symbols *symbols)
{
	*symbols = (struct symbols){ .bias = library->l_addr };
	for (const Elf64_Dyn *entry = library->l_ld; entry != NULL && entry->d_tag != DT_NULL;
	     entry++)
		switch (entry->d_tag) {
		case DT_SYMTAB:
			symbols->table = entry_address(library, entry);
			break;
		case DT_STRTAB:
			symbols->names = entry_address(library, entry);
			break;
		case DT_VERSYM:
			symbols->versions = entry_address(library, entry);
			break;
		case DT_GNU_HASH:
			symbols->hash = entry_address(library, entry);
			break;
		case DT_HASH:
			symbols->old_hash = entry_address(library, entry);
			break;
		}
	return symbols->table != NULL && symbols->names != NULL;
}

/* A function that a name without a version leads to. What has to be called to be told is none. */
static bool is_it(const struct symbols *symbols, uint32_t i, const char *name)
{
	const Elf64_Sym *symbol = &symbols->table[i];
	unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_value != 0 &&
	       ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
	       (type == STT_FUNC || type == STT_NOTYPE) &&
	       (symbols->versions == NULL || !(symbols->versions[i] & HIDDEN_VERSION)) &&
	       text_equal(symbols->names + symbol->st_name, name);
}

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name != '\0'; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static uint32_t find_hashed(const struct symbols *symbols, const char *name)
{
	const struct gnu_hash *head = symbols->hash;
	const uint64_t *bloom = (const uint64_t *)(head + 1);
	const uint32_t *buckets = (const uint32_t *)(bloom + head->n_bloom);
	const uint32_t *hashes = buckets + head->n_buckets;
	uint32_t hash = gnu_hash_of(name), i;
	uint64_t word;

	if (head->n_bloom == 0 || head->n_buckets == 0)
		return 0;
	word = bloom[hash / 64 % head->n_bloom];
	if (!(word >> hash % 64 & word >> (hash >> head->shift) % 64 & 1))
		return 0;
	i = buckets[hash % head->n_buckets];
	if (i < head->first)
		return 0;
	for (;; i++) {
		uint32_t found = hashes[i - head->first];

		if ((found | 1) == (hash | 1) && is_it(symbols, i, name))
			return i;
		if (found & 1) /* the last of its bucket */
			return 0;
	}
}

/* Buckets, chains: the second word says how many symbols there are. */
static uint32_t find_among_all(const struct symbols *symbols, const char *name)
{
	for (uint32_t i = 1; symbols->old_hash != NULL && i < symbols->old_hash[1]; i++)
		if (is_it(symbols, i, name))
			return i;
	return 0;
}

static uint64_t find(const struct symbols *symbols, const char *name)
{
	uint32_t i =
		symbols->hash != NULL ? find_hashed(symbols, name) : find_among_all(symbols, name);

	return i != 0 ? symbols->bias + symbols->table[i].st_value : 0;
}

/* -------------------------------------------------------------------- the libraries */

static const struct link_map *first_library(void)
{
	return &_r_debug != NULL ? _r_debug.r_map : NULL;
}

static bool is_libc(const struct link_map *library)
{
	return library->l_name != NULL && vm_module_is(library->l_name, VM_MODULE_TRUSTED);
}

uint64_t scope_libc(const char *name)
{
	struct symbols symbols;

	for (const struct link_map *at = first_library(); at != NULL; at = at->l_next) {
		uint64_t found =
			is_libc(at) && open_symbols(at, &symbols) ? find(&symbols, name) : 0;

		if (found != 0)
			return found;
	}
	return 0;
}

/* Return: which of @missing, a bit for each name, @library lacks, too. */
static uint64_t find_there(const struct link_map *library, const char *const names[],
			   uint64_t next[], uint64_t missing)
{
	struct symbols symbols;
	uint64_t rest = open_symbols(library, &symbols) ? missing : 0;

	for (; rest != 0; rest &= rest - 1) {
		unsigned i = (unsigned)__builtin_ctzll(rest);
		uint64_t found = find(&symbols, names[i]);

		if (found == 0)
			continue;
		next[i] = is_libc(library) ? 0 : found;
		missing &= ~(1ULL << i);
	}
	return missing;
}

void scope_next(const char *const names[], uint64_t next[], unsigned n)
{
	const struct link_map *at = first_library();
	uint64_t missing = (1ULL << n) - 1;

	while (at != NULL && at->l_ld != _DYNAMIC)
		at = at->l_next;
	while (at != NULL && missing != 0 && (at = at->l_next) != NULL)
		missing = find_there(at, names, next, missing);
}
