/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/why.h"

#define FACTS_SHOWN 40 /* unless more are asked for */

const struct fact *why_last_fact(const struct biography *biography, enum fact_kind kind)
{
	for (size_t i = biography->n; i-- > 0;)
		if (biography->facts[i].kind == kind)
			return &biography->facts[i];
	return NULL;
}

bool why_is_one_area(const struct why *why)
{
	return why->area.range.end >= why->range.end ||
	       memory_set_find_from(why->view->replay.space.set, why->area.range.end) == NULL ||
	       memory_set_find_from(why->view->replay.space.set, why->area.range.end)
			       ->range.start >= why->range.end;
}

bool why_is_mapped(const struct why *why)
{
	return why->area.range.end != 0;
}

const struct named_stack *why_stack_of(const struct why *why, const struct fact *fact)
{
	if (fact->kind == FACT_FAULT)
		return &why->fault_stack;
	return fact->has_call ? stack_of_event(why->stacks, why->n_stacks, fact->number) : NULL;
}

size_t why_first_shown(const struct why *why)
{
	uint64_t n = why->options->has_tail ? why->options->tail : FACTS_SHOWN;

	if ((why->options->all && !why->options->has_tail) || why->biography.n <= n)
		return 0;
	return why->biography.n - (size_t)n;
}
