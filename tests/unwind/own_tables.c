/* SPDX-License-Identifier: Apache-2.0 */
#include <link.h>
#include <stdlib.h>
#include "own_tables.h"

struct question {
	uint64_t at;
	struct addr_range readable;
	uint64_t hdr;
};

static bool covers(const struct dl_phdr_info *info, const ElfW(Phdr) * segment, uint64_t at)
{
	return at - info->dlpi_addr - segment->p_vaddr < segment->p_memsz;
}

static const ElfW(Phdr) * segment_of(const struct dl_phdr_info *info, uint64_t at)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && covers(info, &info->dlpi_phdr[i], at))
			return &info->dlpi_phdr[i];
	return NULL;
}

static int look(struct dl_phdr_info *info, size_t size, void *context)
{
	struct question *question = context;
	const ElfW(Phdr) * holder;

	(void)size;
	if (segment_of(info, question->at) == NULL)
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
			question->hdr = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
	holder = question->hdr != 0 ? segment_of(info, question->hdr) : NULL;
	if (holder != NULL)
		question->readable = (struct addr_range){
			info->dlpi_addr + holder->p_vaddr,
			info->dlpi_addr + holder->p_vaddr + holder->p_filesz,
		};
	return 1;
}

bool own_tables_find(uint64_t at, struct addr_range *readable, uint64_t *hdr)
{
	struct question question = { .at = at };

	dl_iterate_phdr(look, &question);
	*readable = question.readable;
	*hdr = question.hdr;
	return question.readable.end != 0;
}

static uint64_t find_rule(void *context, uint64_t at)
{
	struct own_tables *tables = context;
	struct addr_range readable;
	uint64_t hdr, rule = unwind_rule(UNWIND_GUESS, 0, 0, 0, 0);

	tables->n_lookups++;
	if (own_tables_find(at, &readable, &hdr))
		rule = cfi_find_rule(&tables->machine, readable, hdr, at);
	unwind_cache_add(&tables->cache, at, rule);
	return rule;
}

static struct addr_range find_stack(void *context, uint64_t sp)
{
	const struct own_tables *tables = context;

	if (sp < tables->stack.start || sp >= tables->stack.end)
		return (struct addr_range){ 0, 0 };
	return (struct addr_range){ sp, tables->stack.end };
}

static bool is_code(void *context, uint64_t at)
{
	struct addr_range readable;
	uint64_t hdr;

	(void)context;
	return own_tables_find(at, &readable, &hdr);
}

void own_tables_init(struct own_tables *tables)
{
	pthread_attr_t attributes;
	void *start;
	size_t size;

	*tables = (struct own_tables){ 0 };
	if (pthread_getattr_np(pthread_self(), &attributes) != 0 ||
	    pthread_attr_getstack(&attributes, &start, &size) != 0)
		abort();
	pthread_attr_destroy(&attributes);
	tables->stack = (struct addr_range){ (uintptr_t)start, (uintptr_t)start + size };
	tables->host = (struct unwind_host){
		.rule = find_rule,
		.stack = find_stack,
		.is_code = is_code,
		.context = tables,
		.cache = &tables->cache,
	};
}
