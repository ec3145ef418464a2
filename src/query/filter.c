/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <string.h>
#include "query/area_kind.h"
#include "query/filter.h"
#include "query/moment.h"

/* ------------------------------------------------------------------------- kinds */

/* Beyond enum area_kind; an area can be of several kinds. */
enum {
	KIND_MEMFD = AREA_KIND_COUNT,
	KIND_HUGETLB,
	KIND_JIT,
};

#define BIT(kind) (1u << (kind))

static const struct kind_word {
	const char *name;
	uint32_t kinds;
} kind_words[] = {
	{ "file", BIT(AREA_FILE) | BIT(AREA_TEXT) | BIT(AREA_DATA) },
	{ "memfd", BIT(KIND_MEMFD) },
	{ "hugetlb", BIT(KIND_HUGETLB) },
	{ "jit", BIT(KIND_JIT) },
};

static uint32_t parse_kind(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++)
		if (strlen(kind_words[i].name) == len && memcmp(kind_words[i].name, word, len) == 0)
			return kind_words[i].kinds;
	for (unsigned kind = 0; kind < AREA_KIND_COUNT; kind++)
		if (strlen(area_kind_name(kind)) == len &&
		    memcmp(area_kind_name(kind), word, len) == 0)
			return BIT(kind);
	return 0;
}

const char *filter_parse_kinds(const char *text, uint32_t *kinds)
{
	for (;;) {
		size_t len = strcspn(text, ",");
		uint32_t bits = parse_kind(text, len);

		if (bits == 0)
			return "is no kind of area; write anon, file, text, data, heap, stack, "
			       "guard, "
			       "reserve, shm, memfd, hugetlb, jit, vdso or own";
		*kinds |= bits;
		if (text[len] == '\0')
			return NULL;
		text += len + 1;
	}
}

static const char *name_of(const struct vm_space *space, const struct memory_area *area)
{
	const struct vm_object *object = area_object(space, area);

	return object != NULL ? object->name : "";
}

static uint32_t kinds_of(const struct vm_space *space, const struct memory_area *area)
{
	uint32_t kinds = BIT(area_kind(space, area));
	bool is_memfd = strncmp(name_of(space, area), "/memfd:", 7) == 0;

	if (is_memfd)
		kinds |= BIT(KIND_MEMFD);
	if (area->flags & VM_HUGE_MASK)
		kinds |= BIT(KIND_HUGETLB);
	if ((area->flags & VM_EXEC) && (is_memfd || area->tag[VM_TAG_OBJECT] == 0) &&
	    !(area->flags & VM_OWN))
		kinds |= BIT(KIND_JIT);
	return kinds;
}

/* --------------------------------------------------------------------- preparing */

static bool settle(struct ledger_view *view, struct moment moment, bool given, uint64_t otherwise,
		   uint64_t *event)
{
	struct settled_moment settled = { .event = otherwise };

	if (given && !moment_settle(view, moment, &settled))
		return false;
	*event = settled.event;
	return true;
}

static bool prepare_from(struct filter *filter)
{
	char why[200];
	int error;

	if (filter->options->from == NULL)
		return true;
	error = regcomp(&filter->from, filter->options->from, REG_EXTENDED | REG_NOSUB);
	if (error == 0)
		return true;
	regerror(error, &filter->from, why, sizeof(why));
	problem_set(&filter->view->problem, PROBLEM_QUESTION, "--from",
		    "--from: '%s' is no regular expression: %s", filter->options->from, why);
	filter->options = NULL;
	return false;
}

bool filter_prepare(struct filter *filter, struct ledger_view *view,
		    const struct filter_options *options, struct settled_moment moment,
		    struct event_names *names)
{
	*filter = (struct filter){ .options = options, .view = view, .names = names };
	return prepare_from(filter) &&
	       settle(view, options->since, options->has_since, 0, &filter->after) &&
	       settle(view, options->until, options->has_until, UINT64_MAX, &filter->last) &&
	       place_find(view, moment, &options->range, &filter->ranges);
}

void filter_finish(struct filter *filter)
{
	place_ranges_free(&filter->ranges);
	if (filter->options != NULL && filter->options->from != NULL)
		regfree(&filter->from);
	filter->options = NULL;
}

bool filter_is_open(const struct filter_options *options)
{
	static const struct filter_options open;

	return memcmp(options, &open, sizeof(open)) == 0;
}

/* ------------------------------------------------------------------------- areas */

static bool has_perm(uint64_t flags, uint64_t perm)
{
	return (flags & perm) == perm;
}

static bool size_fits(const struct filter_options *options, uint64_t size)
{
	return !options->has_sizes || (size >= options->sizes.min && size <= options->sizes.max);
}

static bool module_fits(const struct filter *filter, const struct memory_area *area)
{
	const char *name = name_of(&filter->view->replay.space, area);
	const char *slash = strrchr(name, '/');

	return fnmatch(filter->options->module, slash != NULL ? slash + 1 : name, 0) == 0;
}

bool filter_area(const struct filter *filter, const struct memory_area *area)
{
	const struct filter_options *options = filter->options;

	if (options->kinds != 0 && !(options->kinds & kinds_of(&filter->view->replay.space, area)))
		return false;
	if (options->module != NULL && !module_fits(filter, area))
		return false;
	return has_perm(area->flags, options->perm) &&
	       size_fits(options, area->range.end - area->range.start) &&
	       place_overlaps(&filter->ranges, area->range);
}

/* ------------------------------------------------------------------------ events */

static bool touches(const struct filter *filter, const struct touch *touch)
{
	if (filter->ranges.n == 0)
		return true;
	for (unsigned i = 0; i < touch->n; i++)
		if (place_overlaps(&filter->ranges, touch->range[i]))
			return true;
	return false;
}

static bool kind_is_there(const struct filter *filter, const struct touch *touch)
{
	const struct vm_space *space = &filter->view->replay.space;

	for (unsigned i = 0; i < touch->n; i++) {
		struct memory_set_iter iter =
			memory_set_iter_from_start(space->set, touch->range[i]);
		const struct memory_area *area;

		while ((area = memory_set_iter_next(&iter)) != NULL)
			if (filter->options->kinds & kinds_of(space, area))
				return true;
	}
	return false;
}

static bool perm_is_there(const struct effect_pieces *pieces, uint64_t perm)
{
	for (size_t i = 0; i < pieces->n; i++)
		if (has_perm(pieces->pieces[i].flags, perm))
			return true;
	return false;
}

/* Conditions that only a call can meet. */
static bool is_about_calls(const struct filter_options *options)
{
	return options->failed || options->ok || options->tid != 0 || options->perm != 0 ||
	       options->became != 0 || options->lost != 0 || options->kinds != 0 ||
	       options->has_sizes || options->module != NULL || options->from != NULL;
}

/* What the kernel said about a range, whether it was asked or compared with. */
static bool answer_begins(const struct filter *filter, const struct history_event *event)
{
	const struct filter_options *options = filter->options;
	bool is_check = event->kind == HISTORY_CHECK;
	struct addr_range range = { is_check ? event->check.start : event->resync.start,
				    is_check ? event->check.end : event->resync.end };

	if (is_about_calls(options) || (options->calls != 0 && !(options->calls & CALLS_RESYNC)))
		return false;
	if (filter->ranges.n == 0)
		return true;
	/* The start is about everything. */
	return event->resync.reason != VM_REASON_BASELINE && place_overlaps(&filter->ranges, range);
}

static bool call_begins(struct filter *filter, const struct history_event *event)
{
	const struct filter_options *options = filter->options;
	bool refused = event->finished && call_was_refused(&event->call);

	if (options->calls != 0 && !(options->calls & 1u << event->call.op))
		return false;
	if ((options->failed && !refused) || (options->ok && (refused || !event->finished)))
		return false;
	if (options->tid != 0 && options->tid != event->call.tid)
		return false;
	filter->kind_seen = options->kinds != 0 && kind_is_there(filter, &event->touch);
	return touch_is_late(&event->call) || touches(filter, &event->touch);
}

bool filter_begins(struct filter *filter, const struct history_event *event)
{
	const struct filter_options *options = filter->options;

	if (event->number > filter->last ||
	    event->number + (event->kind != HISTORY_CALL) <= filter->after)
		return false;
	switch (event->kind) {
	case HISTORY_CALL:
		return call_begins(filter, event);
	case HISTORY_RESYNC:
	case HISTORY_CHECK:
		return answer_begins(filter, event);
	case HISTORY_MARK:
	case HISTORY_EXPECT:
		return !is_about_calls(options) && options->calls == 0 && filter->ranges.n == 0;
	}
	return false;
}

static bool stack_fits(const struct filter *filter, const struct history_event *event)
{
	const struct filter_options *options = filter->options;
	const struct named_stack *stack;
	bool module_fits = options->module == NULL;
	bool from_fits = options->from == NULL;

	if (module_fits && from_fits)
		return true;
	stack = event_names_of(filter->names, event);
	for (size_t i = 0; i < stack->n; i++) {
		const struct named_frame *frame = &stack->frames[i];

		module_fits = module_fits || fnmatch(options->module, frame->module, 0) == 0;
		from_fits = from_fits || (frame->function != NULL &&
					  regexec(&filter->from, frame->function, 0, NULL, 0) == 0);
	}
	return module_fits && from_fits;
}

bool filter_passes(struct filter *filter, const struct history_event *event)
{
	const struct filter_options *options = filter->options;

	if (event->kind != HISTORY_CALL)
		return true;
	if (!touches(filter, &event->touch) || !size_fits(options, touch_bytes(&event->touch)))
		return false;
	if (options->kinds != 0 && !filter->kind_seen && !kind_is_there(filter, &event->touch))
		return false;
	if (options->perm != 0 && !perm_is_there(&event->before, options->perm) &&
	    !perm_is_there(&event->after, options->perm))
		return false;
	if (options->became != 0 &&
	    !effect_gained(&event->before, &event->after, &event->touch, options->became))
		return false;
	if (options->lost != 0 &&
	    !effect_gained(&event->after, &event->before, &event->touch, options->lost))
		return false;
	return stack_fits(filter, event);
}
