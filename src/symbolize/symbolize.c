/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cache of files and places that were looked up before
 */

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include "symbolize/frames.h"
#include "symbolize/module.h"

/* A symbol that was looked up, by module and offset. */
struct known_symbol {
	const struct module *module;
	uint64_t offset;
	struct symbol symbol;
};

struct symbolizer {
	char *sysroot;
	struct module **modules;
	size_t n_modules;
	void *by_object; /* trees of tsearch(3) */
	void *by_offset;
};

/* ---------------------------------------------------------------------- comparing */

static int three_way(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_modules(const void *a, const void *b)
{
	const struct vm_object *left = &((const struct module *)a)->object;
	const struct vm_object *right = &((const struct module *)b)->object;
	int order = three_way(left->dev, right->dev);

	if (order == 0)
		order = three_way(left->ino, right->ino);
	if (order == 0)
		order = three_way(left->build_id_len, right->build_id_len);
	if (order == 0)
		order = memcmp(left->build_id, right->build_id, left->build_id_len);
	return order != 0 ? order : strcmp(left->name, right->name);
}

static int compare_symbols(const void *a, const void *b)
{
	const struct known_symbol *left = a;
	const struct known_symbol *right = b;
	int order = three_way((uintptr_t)left->module, (uintptr_t)right->module);

	return order != 0 ? order : three_way(left->offset, right->offset);
}

/* ------------------------------------------------------------------------ lifetime */

struct symbolizer *symbolizer_create(const char *sysroot)
{
	struct symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));

	if (symbolizer == NULL)
		return NULL;
	if (sysroot != NULL && (symbolizer->sysroot = strdup(sysroot)) == NULL) {
		free(symbolizer);
		return NULL;
	}
	return symbolizer;
}

static void free_symbol(void *memory)
{
	struct known_symbol *known = memory;

	for (size_t i = 0; i < known->symbol.n_frames; i++) {
		free(known->symbol.frames[i].function);
		free(known->symbol.frames[i].file);
	}
	free(known->symbol.frames);
	free(known);
}

static void free_nothing(void *memory)
{
	(void)memory;
}

void symbolizer_destroy(struct symbolizer *symbolizer)
{
	if (symbolizer == NULL)
		return;
	tdestroy(symbolizer->by_offset, free_symbol);
	tdestroy(symbolizer->by_object, free_nothing);
	for (size_t i = 0; i < symbolizer->n_modules; i++)
		module_destroy(symbolizer->modules[i]);
	free(symbolizer->modules);
	free(symbolizer->sysroot);
	free(symbolizer);
}

/* ------------------------------------------------------------------------- finding */

static struct module *add_module(struct symbolizer *symbolizer, const struct vm_object *object)
{
	struct module **bigger =
		realloc(symbolizer->modules, (symbolizer->n_modules + 1) * sizeof(*bigger));
	struct module *module;

	if (bigger == NULL)
		return NULL;
	symbolizer->modules = bigger;
	module = module_create(object, symbolizer->sysroot);
	if (module == NULL)
		return NULL;
	if (tsearch(module, &symbolizer->by_object, compare_modules) == NULL) {
		module_destroy(module);
		return NULL;
	}
	symbolizer->modules[symbolizer->n_modules++] = module;
	return module;
}

static struct module *module_of(struct symbolizer *symbolizer, const struct vm_object *object)
{
	const struct module key = { .object = *object };
	void *const *node = tfind(&key, &symbolizer->by_object, compare_modules);

	return node != NULL ? *node : add_module(symbolizer, object);
}

static bool look_up(struct known_symbol *known)
{
	const struct module *module = known->module;

	known->symbol.module = module->name;
	if (!module_address_of(module, known->offset, &known->symbol.address)) {
		known->symbol.address = known->offset;
		return true;
	}
	return module_frames(module, known->symbol.address, &known->symbol) == 0;
}

const struct symbol *symbolizer_find(struct symbolizer *symbolizer, const struct vm_object *object,
				     uint64_t offset)
{
	struct known_symbol key = { .module = module_of(symbolizer, object), .offset = offset };
	struct known_symbol *known;
	void *const *node;

	if (key.module == NULL)
		return NULL;
	node = tfind(&key, &symbolizer->by_offset, compare_symbols);
	if (node != NULL)
		return &((const struct known_symbol *)*node)->symbol;
	known = malloc(sizeof(*known));
	if (known == NULL)
		return NULL;
	*known = key;
	if (!look_up(known) || tsearch(known, &symbolizer->by_offset, compare_symbols) == NULL) {
		free_symbol(known);
		return NULL;
	}
	return &known->symbol;
}

bool symbolizer_find_name(struct symbolizer *symbolizer, const struct vm_object *object,
			  const char *name, uint64_t *address, uint64_t *size)
{
	const struct module *module = module_of(symbolizer, object);

	return module != NULL && module_find_name(module, name, address, size);
}

bool symbolizer_address(struct symbolizer *symbolizer, const struct vm_object *object,
			uint64_t offset, uint64_t *address)
{
	const struct module *module = module_of(symbolizer, object);

	return module != NULL && module_address_of(module, offset, address);
}

const char *symbolizer_problem(const struct symbolizer *symbolizer, size_t *at)
{
	while (*at < symbolizer->n_modules) {
		const struct module *module = symbolizer->modules[(*at)++];

		if (module->problem != NULL)
			return module->problem;
	}
	return NULL;
}
