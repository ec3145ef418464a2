/* SPDX-License-Identifier: Apache-2.0 */

/*
 * frames - the functions at an address, as DWARF and the symbol table tell
 *
 *     scopes at the address             frames
 *       inlined_subroutine  get           get      point.h:4     the line table says so
 *       inlined_subroutine  sum           sum      list.c:17     where get was called
 *       subprogram          main          main     demo.c:30     where sum was called
 */

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "symbolize/demangle.h"
#include "symbolize/frames.h"
#include "symbolize/module.h"

#define FRAMES_MAX 64 /* inlined into each other */

/* A line of a source file. */
struct source {
	const char *file; /* borrowed, or NULL */
	unsigned line;
};

static int add_frame(struct symbol *symbol, const char *function, struct source source,
		     bool inlined)
{
	struct symbol_frame *bigger =
		realloc(symbol->frames, (symbol->n_frames + 1) * sizeof(*bigger));
	struct symbol_frame *frame;

	if (bigger == NULL)
		return -ENOMEM;
	symbol->frames = bigger;
	frame = &bigger[symbol->n_frames++];
	*frame = (struct symbol_frame){ .line = source.line, .inlined = inlined };
	if (function != NULL) {
		frame->function = demangle(function);
		if (frame->function == NULL)
			frame->function = strdup(function);
	}
	if (source.file != NULL)
		frame->file = strdup(source.file);
	return (function != NULL && frame->function == NULL) ||
			       (source.file != NULL && frame->file == NULL)
		       ? -ENOMEM
		       : 0;
}

/* -------------------------------------------------------------------------- DWARF */

/*
 * The unit that the address is in. elfutils finds it by .debug_aranges, which clang and
 * rustc do not write: then each unit is asked. @bias: what is added to its addresses.
 */
static Dwarf_Die *unit_at(const struct module *module, GElf_Addr address, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(module->dwfl_module, address, bias);

	if (unit != NULL)
		return unit;
	while ((unit = dwfl_module_nextcu(module->dwfl_module, unit, bias)) != NULL)
		if (dwarf_haspc(unit, address - *bias) == 1)
			break;
	return unit;
}

/* @address: as the unit counts. */
static struct source line_at(Dwarf_Die *unit, Dwarf_Addr address)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	struct source source = { 0 };
	int number = 0;

	if (line == NULL)
		return source;
	source.file = dwarf_linesrc(line, NULL, NULL);
	if (source.file != NULL && dwarf_lineno(line, &number) == 0 && number > 0)
		source.line = (unsigned)number;
	return source;
}

/* Where an inlined function was called. */
static struct source call_of(Dwarf_Die *cu, Dwarf_Die *die)
{
	struct source source = { 0 };
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word number;
	size_t n;

	if (dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &number) == 0)
		source.line = (unsigned)number;
	if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &number) == 0 &&
	    dwarf_getsrcfiles(cu, &files, &n) == 0 && number < n)
		source.file = dwarf_filesrc(files, number, NULL, NULL);
	return source;
}

static const char *linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) == NULL &&
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute) == NULL)
		return NULL;
	return dwarf_formstring(&attribute);
}

/*
 * A mangled name says more: of which class, and with which arguments. In C a name for
 * the linker is an alias that says less: "__GI___libc_malloc".
 */
static const char *name_of(Dwarf_Die *die)
{
	const char *linkage = linkage_name(die);

	if (linkage != NULL && (strncmp(linkage, "_Z", 2) == 0 || strncmp(linkage, "_R", 2) == 0))
		return linkage;
	return dwarf_diename(die);
}

/*
 * The scopes at an address, innermost first, to be freed; 0: none. Those of the innermost
 * alone are asked for again, because the first answer goes on with where an inlined
 * function is defined, and the second with where it was inlined.
 */
static int scopes_at(Dwarf_Die *cu, Dwarf_Addr address, Dwarf_Die **scopes)
{
	Dwarf_Die innermost;
	int n = dwarf_getscopes(cu, address, scopes);

	if (n <= 0)
		return 0;
	innermost = (*scopes)[0];
	free(*scopes);
	n = dwarf_getscopes_die(&innermost, scopes);
	return n > 0 ? n : 0;
}

static int add_scopes(Dwarf_Die *cu, Dwarf_Die *scopes, int n, Dwarf_Addr address,
		      struct symbol *symbol)
{
	struct source source = line_at(cu, address);
	int error = 0;

	for (int i = 0; i < n && symbol->n_frames < FRAMES_MAX && error == 0; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram)
			return add_frame(symbol, name_of(&scopes[i]), source, false);
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		error = add_frame(symbol, name_of(&scopes[i]), source, true);
		source = call_of(cu, &scopes[i]);
	}
	return error;
}

static int add_from_dwarf(const struct module *module, GElf_Addr address, struct symbol *symbol)
{
	Dwarf_Die *scopes = NULL;
	Dwarf_Addr bias;
	Dwarf_Die *cu = unit_at(module, address, &bias);
	int error;
	int n;

	if (cu == NULL)
		return 0;
	n = scopes_at(cu, address - bias, &scopes);
	if (n == 0)
		return 0;
	error = add_scopes(cu, scopes, n, address - bias, symbol);
	free(scopes);
	return error;
}

/* ----------------------------------------------------------------- the symbol table */

static int add_from_symbols(const struct module *module, GElf_Addr address, struct symbol *symbol)
{
	GElf_Off distance;
	GElf_Sym sym;
	Dwarf_Addr bias;
	Dwarf_Die *unit;
	const char *name = dwfl_module_addrinfo(module->dwfl_module, address, &distance, &sym, NULL,
						NULL, NULL);
	bool is_real = symbol->n_frames > 0 && !symbol->frames[symbol->n_frames - 1].inlined;

	if (name == NULL)
		return 0;
	symbol->distance = distance;
	if (is_real)
		return 0;
	unit = unit_at(module, address, &bias);
	return add_frame(symbol, name,
			 unit != NULL ? line_at(unit, address - bias) : (struct source){ 0 },
			 false);
}

int module_frames(const struct module *module, uint64_t address, struct symbol *symbol)
{
	int error = add_from_dwarf(module, address + module->bias, symbol);

	return error < 0 ? error : add_from_symbols(module, address + module->bias, symbol);
}
