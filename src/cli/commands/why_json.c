/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/commands/why_headline.h"
#include "cli/commands/why_json.h"
#include "cli/text/area_text.h"
#include "cli/text/stack_text.h"
#include "vma/vm_call_format.h"

static void json_fact(const struct why *why, const struct fact *fact)
{
	struct json *json = why->json;
	uint64_t asked, got;
	struct text text;
	TEXT_ON_STACK(text, 600);

	json_object(json, NULL);
	json_string(json, "what", fact_kind_name(fact->kind));
	json_unsigned(json, "event", fact->number);
	json_unsigned(json, "time_ns", ledger_reader_time_ns(why->view->reader, fact->ticks));
	json_address(json, "start", fact->where.start);
	json_address(json, "end", fact->where.end);
	json_string(json, "before", fact->before);
	json_string(json, "after", fact->after);
	json_string(json, "object", strcmp(fact->what, "-") == 0 ? NULL : fact->what);
	if (fact->has_call) {
		vm_call_format(&text, &fact->call, fact->kind != FACT_IN_FLIGHT);
		json_string(json, "call", vm_op_info(fact->call.op)->name);
		json_unsigned(json, "tid", fact->call.tid);
		json_bytes(json, "text", text.buffer, text.len);
		json_string(json, "tier", vm_tier_name(fact->call.tier));
	}
	if (fact->reason != 0)
		json_string(json, "read_back", vm_reason_name(fact->reason));
	if (why_stack_of(why, fact) != NULL)
		stack_json(json, "stack", why_stack_of(why, fact));
	if (fact_rounding(fact, &asked, &got) != 0) {
		json_unsigned(json, "length_asked", asked);
		json_unsigned(json, "length_rounded", got);
	}
	if (fact->kind == FACT_MOVED_IN)
		json_address(json, "moved_from", fact->other);
	if (fact->kind == FACT_MOVED_OUT)
		json_address(json, "moved_to", fact->other);
	json_end_object(json);
}

void why_print_json(const struct why *why)
{
	struct json *json = why->json;
	struct text text;
	TEXT_ON_STACK(text, 1000);

	why_say_headline(why, &text);
	json_object(json, NULL);
	json_string(json, "ledger", why->view->name);
	json_unsigned(json, "pid", why->view->header->pid);
	json_unsigned(json, "event", why->last);
	json_unsigned(json, "first_event", why->view->first_event);
	if (why->point != 0)
		json_address(json, "address", why->point);
	json_address(json, "start", why->range.start);
	json_address(json, "end", why->range.end);
	json_bool(json, "mapped", why_is_mapped(why));
	json_bytes(json, "text", text.buffer, text.len);
	if (why_is_mapped(why)) {
		json_object(json, "area");
		area_json(json, &why->view->replay.space, &why->area);
		json_end_object(json);
	}
	json_unsigned(json, "n_left_out", why->biography.n_lost);
	json_array(json, "history");
	for (size_t i = 0; i < why->biography.n; i++)
		json_fact(why, &why->biography.facts[i]);
	json_end_array(json);
	json_end_object(json);
}
