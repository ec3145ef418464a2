/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include "ledger/ledger_trace.h"
#include "query/event_stacks.h"
#include "query/moment.h"
#include "query/words.h"

#define MARKS_NAMED 8 /* in a problem's advice */

/* The number of the call before everything that is left. */
static uint64_t oldest(const struct ledger_view *view)
{
	return view->first_event - 1;
}

static bool is_known(struct ledger_view *view, uint64_t event)
{
	if (event > view->last_event) {
		problem_set(&view->problem, PROBLEM_QUESTION, view->name,
			    "%s ends at event #%" PRIu64, view->name, view->last_event);
		problem_advise(&view->problem, "there is no #%" PRIu64, event);
		return false;
	}
	if (event < oldest(view)) {
		problem_set(&view->problem, PROBLEM_LOST, view->name,
			    "%s: the history before event #%" PRIu64 " was overwritten", view->name,
			    view->first_event);
		problem_advise(&view->problem, "ask for #%" PRIu64 " or later", oldest(view));
		return false;
	}
	return true;
}

static bool settle_event(struct ledger_view *view, uint64_t event, struct settled_moment *settled)
{
	struct ledger_reader *reader = view_reread(view);
	struct ledger_entry entry;

	if (!is_known(view, event))
		return false;
	*settled = (struct settled_moment){ .event = event };
	while (ledger_reader_next(reader, &entry)) {
		if (entry.kind == LEDGER_CALL && entry.call.event > event)
			break;
		settled->n_records++;
	}
	return true;
}

static bool settle_before_end(struct ledger_view *view, uint64_t n, struct settled_moment *settled)
{
	if (n > view->last_event - oldest(view)) {
		problem_set(&view->problem, PROBLEM_QUESTION, view->name,
			    "%s has only %" PRIu64 " events", view->name,
			    view->last_event - oldest(view));
		return false;
	}
	return settle_event(view, view->last_event - n, settled);
}

static bool settle_time(struct ledger_view *view, uint64_t ns, struct settled_moment *settled)
{
	struct ledger_reader *reader = view_reread(view);
	struct ledger_entry entry;
	uint64_t time;

	*settled = (struct settled_moment){ .event = oldest(view) };
	while (ledger_reader_next(reader, &entry)) {
		time = ledger_reader_time_ns(view->reader, entry.ticks);
		if (entry.kind == LEDGER_CALL && time > ns)
			break;
		if (entry.kind == LEDGER_SEGMENT && settled->n_records == 0 &&
		    view->first_event > 1 && time > ns) {
			problem_set(&view->problem, PROBLEM_LOST, view->name,
				    "%s: the history before %" PRIu64 ".%03" PRIu64
				    " ms was overwritten",
				    view->name, time / 1000000, time / 1000 % 1000);
			problem_advise(&view->problem, "ask for a later moment");
			return false;
		}
		if (entry.kind == LEDGER_CALL)
			settled->event = entry.call.event;
		settled->n_records++;
	}
	return true;
}

/* "its marks are: a, b, c" */
static void list_marks(struct ledger_view *view, struct text *text)
{
	struct ledger_reader *reader = view_reread(view);
	struct ledger_entry entry;
	unsigned n = 0;

	while (n < MARKS_NAMED && ledger_reader_next(reader, &entry)) {
		if (entry.kind != LEDGER_NOTE || entry.note.kind != LEDGER_NOTE_MARK)
			continue;
		text_string(text, n++ == 0 ? "its marks are: " : ", ");
		text_name(text, entry.note.text, strlen(entry.note.text));
	}
	if (n == 0)
		text_string(text, "the program sets marks with ml_mark()");
}

static bool settle_mark(struct ledger_view *view, const char *name, struct settled_moment *settled)
{
	struct ledger_reader *reader = view_reread(view);
	struct ledger_entry entry;
	struct text text;
	TEXT_ON_STACK(text, 1000);

	*settled = (struct settled_moment){ .event = oldest(view) };
	while (ledger_reader_next(reader, &entry)) {
		settled->n_records++;
		if (entry.kind == LEDGER_CALL)
			settled->event = entry.call.event;
		if (entry.kind == LEDGER_NOTE && entry.note.kind == LEDGER_NOTE_MARK &&
		    strcmp(entry.note.text, name) == 0)
			return true;
	}
	list_marks(view, &text);
	problem_set(&view->problem, PROBLEM_QUESTION, view->name, "%s has no mark '%s'", view->name,
		    name);
	problem_advise(&view->problem, "%s", text.buffer);
	return false;
}

/* The search for the first call of main(), by the names in its stack. */
struct main_search {
	struct event_names names;
	uint64_t found; /* event, or 0 */
};

static bool has_stack(void *context, struct history_event *event)
{
	(void)context;
	return event->kind == HISTORY_CALL && event->call.stack != 0;
}

static int look_for_main(void *context, struct history_event *event)
{
	struct main_search *search = context;
	const struct named_stack *stack = event_names_of(&search->names, event);

	for (size_t i = stack->n; i-- > 0;)
		if (stack->frames[i].function != NULL &&
		    strcmp(stack->frames[i].function, "main") == 0) {
			search->found = event->number;
			return 1;
		}
	return 0;
}

static bool settle_main(struct ledger_view *view, struct settled_moment *settled)
{
	struct main_search search = { .found = 0 };
	struct history_visitor visitor = { .begins = has_stack,
					   .visit = look_for_main,
					   .context = &search };

	event_names_begin(&search.names, view);
	history_walk(view, &visitor, HISTORY_TO_END);
	event_names_end(&search.names);
	if (search.found != 0)
		return settle_event(view, search.found - 1, settled);
	problem_set(&view->problem, PROBLEM_QUESTION, view->name,
		    "%s: when main() began is not known: no stack of a call has it", view->name);
	return false;
}

bool moment_settle(struct ledger_view *view, struct moment moment, struct settled_moment *settled)
{
	switch (moment.kind) {
	case MOMENT_END:
		*settled = (struct settled_moment){ view->last_event, VIEW_ALL_RECORDS };
		return true;
	case MOMENT_START:
		return settle_event(view, oldest(view), settled);
	case MOMENT_EVENT:
		return settle_event(view, moment.value, settled);
	case MOMENT_BEFORE_END:
		return settle_before_end(view, moment.value, settled);
	case MOMENT_TIME:
		return settle_time(view, moment.value, settled);
	case MOMENT_MARK:
		return settle_mark(view, moment.name, settled);
	case MOMENT_MAIN:
		return settle_main(view, settled);
	case MOMENT_CRASH:
		if (fault_is_met(&view->header->fault))
			return settle_event(view, view->header->fault.event, settled);
		problem_set(&view->problem, PROBLEM_QUESTION, view->name, "%s holds no crash",
			    view->name);
		problem_advise(&view->problem, "the last moment is: end");
		return false;
	}
	return false;
}

void view_fold(struct ledger_view *view, struct settled_moment settled)
{
	view_fold_records(view, settled.n_records);
}
