/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/diff_json.h"
#include "cli/text/area_text.h"
#include "cli/text/stack_text.h"

static void json_subject(struct json *json, const char *key, const struct diff_subject *subject)
{
	json_object(json, key);
	json_string(json, "ledger", subject->found.name);
	json_unsigned(json, "pid", subject->view.header->pid);
	json_bool(json, "process_now", subject->is_process);
	json_unsigned(json, "event", subject->settled.event);
	json_unsigned(json, "n_areas", subject->side.n);
	json_unsigned(json, "mapped_bytes", diff_sum_side(&subject->side).bytes);
	json_unsigned(json, "n_rwx", diff_sum_side(&subject->side).n_rwx);
	json_end_object(json);
}

static void json_change(const struct diff_pair *pair, const struct map_change *change)
{
	static const char *const words[] = { "added", "removed", "changed", "replaced" };
	const struct named_stack *stack =
		stack_of_event(pair->b.stacks, pair->b.n_stacks, change->event);
	struct json *json = pair->json;

	json_object(json, NULL);
	json_string(json, "change", words[change->kind]);
	json_address(json, "start", change->range.start);
	json_address(json, "end", change->range.end);
	if (change->kind != CHANGE_ADDED) {
		json_object(json, "before");
		area_json(json, pair->a.side.space, &change->before);
		json_end_object(json);
	}
	if (change->kind != CHANGE_REMOVED) {
		json_object(json, "after");
		area_json(json, pair->b.side.space, &change->after);
		json_end_object(json);
	}
	if (change->event != 0)
		json_unsigned(json, "event", change->event);
	if (stack != NULL && stack->n > 0)
		stack_json(json, "stack", stack);
	json_end_object(json);
}

void diff_print_json(struct diff_pair *pair)
{
	struct json *json = pair->json = json_create();

	json_object(json, NULL);
	json_subject(json, "from", &pair->a);
	json_subject(json, "to", &pair->b);
	json_unsigned(json, "n_equal", pair->diff.n_equal);
	json_array(json, "differences");
	for (size_t i = 0; i < pair->diff.n; i++)
		json_change(pair, &pair->diff.changes[i]);
	json_end_array(json);
	json_end_object(json);
	json_destroy(json);
}
