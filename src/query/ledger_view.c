/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/text/fault_text.h"
#include "query/ledger_view.h"
#include "query/moment.h"

/* ------------------------------------------------------------------- opening */

static bool remember_op(struct ledger_view *view, unsigned op)
{
	if (view->n_ops == view->ops_capacity) {
		size_t capacity = view->ops_capacity != 0 ? 2 * view->ops_capacity : 1024;
		uint8_t *bigger = realloc(view->ops, capacity);

		if (bigger == NULL)
			return false;
		view->ops = bigger;
		view->ops_capacity = capacity;
	}
	view->ops[view->n_ops++] = (uint8_t)op;
	return true;
}

static bool scan(struct ledger_view *view)
{
	struct ledger_entry entry;
	const char *damage;

	view->first_event = ledger_reader_first_event(view->reader);
	view->last_event = view->first_event - 1;
	while (ledger_reader_next(view->reader, &entry)) {
		if (entry.kind != LEDGER_CALL)
			continue;
		/* A call in flight that ends while we look is handed out twice. */
		if (entry.call.event == view->last_event)
			continue;
		if (!remember_op(view, entry.call.op))
			return false;
		view->last_event = entry.call.event;
		if (entry.call.op == VM_OP_FORK && entry.finished && !vm_call_failed(&entry.call))
			view->n_forks++;
	}
	damage = ledger_reader_damage(view->reader);
	if (damage != NULL && (view->damage = strdup(damage)) == NULL)
		return false;
	ledger_reader_rewind(view->reader);
	return true;
}

bool view_open(struct ledger_view *view, const char *path, const char *name)
{
	struct ledger_problem problem;

	*view = (struct ledger_view){ .path = path, .name = name };
	view->reader = ledger_reader_open(path, &problem);
	if (view->reader == NULL) {
		complain("%s: %s", name, problem.text);
		return false;
	}
	view->header = ledger_reader_header(view->reader);
	if (scan(view))
		return true;
	complain("%s: not enough memory", name);
	view_close(view);
	return false;
}

static void forget_fold(struct ledger_view *view)
{
	if (view->folded)
		replay_finish(&view->replay);
	view->folded = false;
	memset(view->changes, 0, sizeof(view->changes));
}

void view_close(struct ledger_view *view)
{
	forget_fold(view);
	ledger_reader_close(view->reader);
	free(view->ops);
	free(view->damage);
	*view = (struct ledger_view){ 0 };
}

/* ------------------------------------------------------------------- folding */

int view_step(struct ledger_view *view, struct ledger_entry *entry)
{
	uint64_t before = view->replay.counts.resync_changes;
	int r = replay_step(&view->replay, entry);

	if (r > 0 && entry->kind == LEDGER_RESYNC && entry->resync.head.reason < VM_REASON_COUNT)
		view->changes[entry->resync.head.reason] +=
			view->replay.counts.resync_changes - before;
	if (r < 0)
		complain("%s: not enough memory", view->name);
	return r;
}

static bool steps(struct ledger_view *view, uint64_t limit)
{
	struct ledger_entry entry;
	int r = 1;

	for (uint64_t i = 0; i < limit && r > 0; i++)
		r = view_step(view, &entry);
	return r >= 0;
}

bool view_begin(struct ledger_view *view)
{
	forget_fold(view);
	ledger_reader_rewind(view->reader);
	view->folded = replay_init(&view->replay, view->reader) == 0;
	if (!view->folded)
		complain("%s: not enough memory", view->name);
	return view->folded;
}

bool view_fold(struct ledger_view *view, struct moment moment)
{
	struct settled_moment settled;

	return moment_settle(view, moment, &settled) && view_begin(view) &&
	       steps(view, settled.n_records);
}

bool view_fold_more(struct ledger_view *view)
{
	return steps(view, MOMENT_ALL_RECORDS);
}

/* ------------------------------------------------------------------- sentences */

unsigned view_op_of(const struct ledger_view *view, uint64_t event)
{
	if (event < view->first_event || event - view->first_event >= view->n_ops)
		return VM_OP_NONE;
	return view->ops[event - view->first_event];
}

bool view_event_text(const struct ledger_view *view, uint64_t event, struct text *text)
{
	unsigned op = view_op_of(view, event);

	text_char(text, '#');
	text_decimal(text, event);
	if (op == VM_OP_NONE)
		return false;
	text_char(text, ' ');
	text_string(text, vm_op_info(op)->name);
	return true;
}

bool view_stack(const struct ledger_view *view, uint32_t id, struct ledger_trace *trace)
{
	return view->folded && ledger_stacks_find(&view->replay.stacks, id, trace);
}

void view_program(const struct ledger_view *view, struct text *text)
{
	const struct ledger_header *header = view->header;
	size_t size = sizeof(header->executable);
	const char *name = header->executable;
	const char *slash;

	if (name[0] == '\0' && header->command[0] != '\0')
		name = header->command;
	if (name[0] == '\0')
		name = "?";
	slash = memrchr(name, '/', strnlen(name, size));
	name = slash != NULL ? slash + 1 : name;
	text_name(text, name, strnlen(name, slash != NULL ? size - (size_t)(name - slash) : size));
}

enum view_state view_state(const struct ledger_view *view)
{
	const struct ledger_header *header = view->header;
	bool lives = ledger_is_mapped_by(view->path, (pid_t)header->pid);

	if (header->end == LEDGER_END_EXIT && !lives)
		return VIEW_EXITED;
	if (header->end != LEDGER_END_OPEN && header->end != LEDGER_END_EXIT)
		return VIEW_STOPPED;
	if (lives)
		return VIEW_RUNNING;
	if (fault_is_met(&header->fault))
		return VIEW_CRASHED;
	if (view->replay.in_flight.op == VM_OP_EXEC ||
	    view->replay.in_flight.op == VM_OP_EXECVEAT ||
	    ledger_was_continued(view->path, view->header))
		return VIEW_EXECED;
	return VIEW_LOST;
}

static const char *stop_reason(uint32_t end)
{
	switch (end) {
	case LEDGER_END_DISK_FULL:
		return "the disk was full";
	case LEDGER_END_TOO_BIG:
		return "the map became too big for --max-size";
	case LEDGER_END_WINDOW:
		return "its window into the file could not be moved";
	case LEDGER_END_CONFINED:
		return "the program confined itself with seccomp";
	}
	return "of an unknown reason";
}

void view_state_text(const struct ledger_view *view, enum view_state state, struct text *text)
{
	switch (state) {
	case VIEW_RUNNING:
		text_string(text, "still running");
		break;
	case VIEW_EXITED:
		text_string(text, "exited with status ");
		text_signed(text, view->header->exit_status);
		break;
	case VIEW_EXECED:
		text_string(text, "executed another program");
		break;
	case VIEW_CRASHED:
		fault_text(text, view);
		break;
	case VIEW_LOST:
		text_string(text, "end not recorded (killed?)");
		break;
	case VIEW_STOPPED:
		text_string(text, "recording stopped early, because ");
		text_string(text, stop_reason(view->header->end));
		text_string(text, "; ");
		text_count(text, view->header->n_unrecorded, "call");
		text_string(text, " missed");
		break;
	}
}

/* The start and what only repeats or completes what is known are no changes. */
static bool counts_as_change(unsigned reason)
{
	return reason != VM_REASON_BASELINE && reason != VM_REASON_CHECKPOINT &&
	       reason != VM_REASON_IDENTITY && reason != VM_REASON_OWN;
}

void view_coverage_text(const struct ledger_view *view, struct text *text)
{
	uint64_t observed = view->replay.counts.n_changes;
	uint64_t read_back = 0;
	const char *separator = ": ";

	for (unsigned i = 0; i < VM_REASON_COUNT; i++)
		read_back += counts_as_change(i) ? view->changes[i] : 0;
	text_decimal(text, observed);
	text_string(text, " of ");
	text_count(text, observed + read_back, "change");
	text_string(text, " by observed calls (");
	text_percent(text, observed, observed + read_back);
	text_char(text, ')');
	if (read_back == 0)
		return;
	text_string(text, ", ");
	text_decimal(text, read_back);
	text_string(text, " read back");
	for (unsigned i = 0; i < VM_REASON_COUNT; i++) {
		if (!counts_as_change(i) || view->changes[i] == 0)
			continue;
		text_string(text, separator);
		text_decimal(text, view->changes[i]);
		text_char(text, ' ');
		text_string(text, vm_reason_name(i));
		separator = ", ";
	}
}

void view_say_damage(const struct ledger_view *view)
{
	if (view->damage != NULL)
		complain("%s is damaged: %s", view->name, view->damage);
}

void view_say_lost_and_damaged(const struct ledger_view *view)
{
	if (view->first_event > 1)
		complain("%s: events #1 to #%" PRIu64 " were overwritten", view->name,
			 view->first_event - 1);
	view_say_damage(view);
}
