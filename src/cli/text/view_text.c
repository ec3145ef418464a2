/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include "cli/text/word.h"
#include "cli/text/fault_text.h"
#include "cli/text/output.h"
#include "cli/text/view_text.h"

bool view_event_text(const struct ledger_view *view, uint64_t event, struct text *text)
{
	unsigned op = view_op_of(view, event);

	text_format(text, "#%" PRIu64, event);
	if (op == VM_OP_NONE)
		return false;
	text_format(text, " %s", vm_op_info(op)->name);
	return true;
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
		text_format(text, "exited with status %" PRId32, view->header->exit_status);
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
		text_format(text, "recording stopped early, because %s; %s missed",
			    stop_reason(view->header->end),
			    count_word(view->header->n_unrecorded, "call").s);
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
	text_format(text, "%" PRIu64 " of %s by observed calls (", observed,
		    count_word(observed + read_back, "change").s);
	text_percent(text, observed, observed + read_back);
	text_char(text, ')');
	if (read_back == 0)
		return;
	text_format(text, ", %" PRIu64 " read back", read_back);
	for (unsigned i = 0; i < VM_REASON_COUNT; i++) {
		if (!counts_as_change(i) || view->changes[i] == 0)
			continue;
		text_format(text, "%s%" PRIu64 " %s", separator, view->changes[i],
			    vm_reason_name(i));
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

void live_say_notes(const struct live_notes *notes)
{
	if (notes->n_in_flight > 0)
		complain("%u call in flight: its range was asked from the kernel",
			 notes->n_in_flight);
	if (notes->n_stacks > 0)
		complain("%u stack%s grown since the last event: the lower edge was asked from "
			 "the kernel",
			 notes->n_stacks, notes->n_stacks == 1 ? " has" : "s have");
}
