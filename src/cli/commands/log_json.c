/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/log_json.h"
#include "cli/text/stack_text.h"
#include "query/compare.h"
#include "vma/vm_call_format.h"

static void print_json_call(struct log *log, const struct history_event *line)
{
	const struct vm_op_info *info = vm_op_info(line->call.op);
	struct json *json = log->json;
	struct text text;
	TEXT_ON_STACK(text, 600);

	json_object(json, NULL);
	json_string(json, "type", "call");
	json_unsigned(json, "event", line->number);
	json_unsigned(json, "time_ns", ledger_reader_time_ns(log->view->reader, line->call.ticks));
	json_unsigned(json, "tid", line->call.tid);
	json_string(json, "call", info->name);
	json_array(json, "args");
	for (unsigned i = 0; i < info->n_args && i < 6; i++)
		json_address(json, NULL, line->call.args[i]);
	json_end_array(json);
	json_bool(json, "finished", line->finished);
	if (line->finished && vm_call_failed(&line->call)) {
		json_signed(json, "errno", -line->call.result);
	} else if (line->finished) {
		json_address(json, "result", (uint64_t)line->call.result);
	}
	vm_call_format(&text, &line->call, line->finished);
	json_bytes(json, "text", text.buffer, text.len);
	text_init(&text, text_buffer, sizeof(text_buffer));
	log_describe(log, line, &text);
	json_bytes(json, "effect", text.buffer, text.len);
	json_unsigned(json, "changed_bytes",
		      effect_changed_bytes(&line->before, &line->after, &line->touch));
	json_string(json, "tier", vm_tier_name(line->call.tier));
	if (line->call.stack != 0)
		stack_json(json, "stack", event_names_of(&log->names, line));
	json_bool(json, "nested", line->call.flags & VM_CALL_NESTED);
	json_bool(json, "refused", line->call.flags & VM_CALL_REFUSED);
	json_bool(json, "unordered", line->call.flags & VM_CALL_UNORDERED);
	if (line->call.flags & VM_CALL_PART)
		json_bool(json, "part", true);
	json_end_object(json);
}

static void print_json_resync(struct log *log, const struct ledger_resync *resync, bool changed)
{
	json_object(log->json, NULL);
	json_string(log->json, "type", "resync");
	json_unsigned(log->json, "time_ns",
		      ledger_reader_time_ns(log->view->reader, resync->ticks));
	json_string(log->json, "reason", vm_reason_name(resync->reason));
	json_address(log->json, "start", resync->start);
	json_address(log->json, "end", resync->end);
	json_unsigned(log->json, "n_areas", resync->n_areas);
	json_unsigned(log->json, "event", resync->event);
	if (resync->reason == VM_REASON_UNOBSERVED) {
		json_unsigned(log->json, "since_event", log->view->replay.since_event);
		json_unsigned(log->json, "before_event", log->view->replay.event);
	}
	json_bool(log->json, "changed", changed);
	json_end_object(log->json);
}

static void print_json_check(struct log *log, const struct history_event *line)
{
	const struct ledger_verify *head = &line->check;
	struct found_difference found;

	compare_check(log->view, &found);
	json_object(log->json, NULL);
	json_string(log->json, "type", "difference");
	json_unsigned(log->json, "time_ns", ledger_reader_time_ns(log->view->reader, head->ticks));
	json_unsigned(log->json, "event", head->event);
	json_string(log->json, "kind", vm_diff_name(found.kind));
	json_address(log->json, "start", found.range.start);
	json_address(log->json, "end", found.range.end);
	json_end_object(log->json);
}

static void print_json_mark(struct log *log, const struct history_event *line)
{
	json_object(log->json, NULL);
	json_string(log->json, "type", line->kind == HISTORY_EXPECT ? "expect" : "mark");
	json_unsigned(log->json, "time_ns", ledger_reader_time_ns(log->view->reader, line->ticks));
	json_unsigned(log->json, "event", line->number);
	json_string(log->json, "name", line->text);
	json_end_object(log->json);
}

void log_print_json_line(struct log *log, const struct history_event *line)
{
	switch (line->kind) {
	case HISTORY_CALL:
		print_json_call(log, line);
		break;
	case HISTORY_RESYNC:
		print_json_resync(log, &line->resync, line->changed);
		break;
	case HISTORY_CHECK:
		print_json_check(log, line);
		break;
	case HISTORY_MARK:
	case HISTORY_EXPECT:
		print_json_mark(log, line);
		break;
	}
}
