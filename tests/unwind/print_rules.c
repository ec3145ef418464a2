/* SPDX-License-Identifier: Apache-2.0 */

/*
 * print_rules LIBRARY - the rule for each of the library's addresses that stdin names
 *
 *     26a80 sp 8 same same -1
 *
 * What the CFA counts from and how far it is; then bp, bx and pc, in words from the
 * CFA (with a `b' behind: from bp).
 */

#include <dlfcn.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include "own_tables.h"

static const char *const kinds[] = { "none",   "sp",	    "bp",    "bx",	"at_bp",
				     "signal", "outermost", "guess", "complex", "no_code" };

static struct cfi_machine machine;

static void print_slot(int slot, bool from_bp)
{
	if (slot == UNWIND_SAME)
		printf(" same");
	else if (slot == UNWIND_LOST)
		printf(" lost");
	else
		printf(" %d%s", slot, from_bp ? "b" : "");
}

static void print_rule(uint64_t addr, uint64_t rule)
{
	bool from_bp = rule & UNWIND_BIT_FROM_BP;
	bool elsewhere = rule & UNWIND_BIT_PC_ELSEWHERE;

	printf("%" PRIx64 " %s %" PRId64, addr, kinds[unwind_rule_kind(rule)],
	       unwind_rule_offset(rule));
	print_slot(unwind_rule_bp(rule), from_bp);
	print_slot(elsewhere ? UNWIND_SAME : unwind_rule_bx(rule), from_bp);
	print_slot(elsewhere ? unwind_rule_bx(rule) : -1, false);
	putchar('\n');
}

int main(int argc, char **argv)
{
	void *library = argc == 2 ? dlopen(argv[1], RTLD_LAZY) : NULL;
	struct link_map *map;
	struct addr_range readable;
	uint64_t addr, hdr;

	if (library == NULL || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
		fprintf(stderr, "usage: print_rules LIBRARY\n%s\n", argc == 2 ? dlerror() : "");
		return 2;
	}
	while (scanf("%" SCNx64, &addr) == 1)
		if (own_tables_find(map->l_addr + addr, &readable, &hdr))
			print_rule(addr,
				   cfi_find_rule(&machine, readable, hdr, map->l_addr + addr));
	return 0;
}
