/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include "cli/commands/map_screen.h"
#include "cli/text/area_text.h"
#include "cli/text/stack_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "vma/vm_compare.h"

#define WHAT_COLUMNS	    27
#define LAST_CHANGE_COLUMNS 15

/* "main demo.c:11", or nothing. */
static void say_who(const struct map *map, uint64_t event, struct text *text)
{
	const struct named_stack *stack = stack_of_event(map->stacks, map->n_stacks, event);

	if (stack != NULL)
		stack_who(stack, text);
}

/* "end", "start" or "event #42", as it was asked for. */
static void say_moment(const struct ledger_view *view, const struct map_options *options,
		       struct text *text)
{
	uint64_t event = view->replay.event;

	if (options->common.pid != 0)
		text_string(text, "now, after ");
	else
		text_string(text, "at ");
	if (event == 0) {
		text_string(text, "the start");
		return;
	}
	text_format(text, "event #%" PRIu64, event);
	if (options->common.pid == 0 && event >= view->last_event)
		text_string(text, " (end)");
}

static void print_headline(const struct ledger_view *view, const struct map_options *options,
			   const struct map_sums *sums)
{
	struct text text;
	TEXT_ON_STACK(text, 400);

	view_program(view, &text);
	text_format(&text, ", pid %" PRIu32 ", ", view->header->pid);
	say_moment(view, options, &text);
	text_format(&text, "     %s   %s mapped   %" PRIu64 " rwx   %s",
		    count_word(sums->n_areas, "area").s,
		    size_word(sums->mapped, options->common.bytes).s, sums->n_rwx,
		    count_word(sums->n_guards, "guard").s);
	paint(PAINT_HEAD);
	puts(text.buffer);
	paint(PAINT_NONE);
}

static void format_since(const struct ledger_view *view, const struct memory_area *area,
			 struct text *text)
{
	if (area->origin != 0) {
		text_format(text, "#%" PRIu64, area->origin);
	} else if ((area->flags & VM_SOURCE) == VM_RESYNCED) {
		text_string(text, "resync");
	} else if (view->first_event > 1 && (area->flags & VM_SOURCE) == VM_OBSERVED) {
		text_string(text, "early");
	} else {
		text_string(text, "start");
	}
}

/* What is mapped; of memory without a name, who mapped it. */
static void format_what(const struct map *map, const struct memory_area *area, struct text *text)
{
	const struct vm_space *space = &map->view->replay.space;
	const struct named_stack *stack;
	size_t len;

	stack = stack_of_event(map->stacks, map->n_stacks, area->origin);
	if (stack != NULL && area_kernel_name(space, area, &len) == NULL && !(area->flags & VM_OWN))
		stack_who_short(stack, WHAT_COLUMNS, text);
	if (text->len == 0)
		area_what(space, area, text);
	if (area->flags & VM_GUARD)
		text_string(text, " guard pages");
	if (area->flags & VM_SEALED)
		text_string(text, " sealed");
	if (area_is_rwx(area->flags))
		text_string(text, " RWX");
}

static void format_change(const struct map *map, const struct memory_area *area, struct text *text)
{
	uint64_t event = area->tag[VM_TAG_CHANGED];
	struct text who;

	if (event == 0 || event == area->origin) {
		text_char(text, '-');
		return;
	}
	if (!view_event_text(map->view, event, text))
		return;
	TEXT_ON_STACK(who, 200);
	say_who(map, event, &who);
	if (who.len > 0)
		text_char(text, ' ');
	text_string(text, who.buffer);
}

/* Both ends of a long name: one says what, the other which version. */
static void print_what(const struct text *what)
{
	char cut[WHAT_COLUMNS + 1];

	if (what->len <= WHAT_COLUMNS) {
		print_padded(what->buffer, WHAT_COLUMNS);
		return;
	}
	snprintf(cut, sizeof(cut), "%.14s...%s", what->buffer,
		 what->buffer + what->len - (WHAT_COLUMNS - 17));
	print_padded(cut, WHAT_COLUMNS);
}

/* OFFSET SOURCE FLAGS PATH */
static void print_long(const struct ledger_view *view, const struct memory_area *area)
{
	struct text flags, path;
	const char *name;
	size_t len;

	TEXT_ON_STACK(flags, 128);
	TEXT_ON_STACK(path, 5000);
	area_flags(area->flags, &flags);
	name = area_kernel_name(&view->replay.space, area, &len);
	if (name != NULL)
		text_name(&path, name, len);
	else
		text_char(&path, '-');
	if (area->offset != MEMORY_AREA_NO_OFFSET)
		printf(" %8" PRIx64, area->offset);
	else
		printf(" %8s", "-");
	printf("  %-8s  ", area_source_name(area->flags));
	print_padded(flags.buffer, 11);
	printf("  %s", path.buffer);
}

static void print_row(const struct map *map, const struct memory_area *area)
{
	const struct ledger_view *view = map->view;
	const struct map_options *options = map->options;
	enum area_kind kind = area_kind(&view->replay.space, area);
	struct text size, what, since, change;
	char perm[8];
	struct text text;

	TEXT_ON_STACK(size, 32);
	TEXT_ON_STACK(what, 320);
	TEXT_ON_STACK(since, 32);
	TEXT_ON_STACK(change, 300);
	text_init(&text, perm, sizeof(perm));
	text_perm(&text, area->flags);
	text_size(&size, area->range.end - area->range.start, options->common.bytes);
	format_what(map, area, &what);
	format_since(view, area, &since);
	format_change(map, area, &change);
	printf("  %012" PRIx64 "  %012" PRIx64 "  %*s ", area->range.start, area->range.end,
	       options->common.bytes ? 15 : 6, size.buffer);
	paint(area_paint(kind, area->flags));
	printf("%s  ", perm);
	print_padded(area_kind_name(kind), 8);
	print_what(&what);
	paint(PAINT_NONE);
	fputs("  ", stdout);
	print_padded(since.buffer, 8);
	putchar(' ');
	if (options->long_rows) {
		print_padded(change.buffer, LAST_CHANGE_COLUMNS);
		print_long(view, area);
		putchar('\n');
	} else {
		puts(change.buffer);
	}
}

static void print_gap(const struct map_options *options, uint64_t start, uint64_t end)
{
	struct text size;
	TEXT_ON_STACK(size, 32);

	text_size(&size, end - start, options->common.bytes);
	paint(PAINT_QUIET);
	printf("  ------------  ------------  %*s       gap\n", options->common.bytes ? 15 : 6,
	       size.buffer);
	paint(PAINT_NONE);
}

static void print_rows(const struct map *map)
{
	const struct ledger_view *view = map->view;
	const struct map_options *options = map->options;
	struct memory_set_iter iter =
		memory_set_iter_from_start(view->replay.space.set, MEMORY_SET_ALL);
	const struct memory_area *area;
	uint64_t end = 0;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		bool wanted = filter_area(&map->filter, area);

		if (options->gaps && wanted && end != 0 && area->range.start > end)
			print_gap(options, end, area->range.start);
		if (wanted)
			print_row(map, area);
		end = area->range.end;
	}
}

static void print_legend(const struct ledger_view *view)
{
	struct text text;
	TEXT_ON_STACK(text, 400);

	view_coverage_text(view, &text);
	paint(PAINT_QUIET);
	printf("#N: event N of mapledger log; start: was there before the first\n");
	paint(PAINT_NONE);
	printf("coverage: %s\n", text.buffer);
}

void map_print_table(const struct map *map)
{
	const struct map_options *options = map->options;
	struct map_sums sums = map_sum_up(map);

	print_headline(map->view, options, &sums);
	if (sums.n_areas == 0) {
		puts(options->filter.range.kind != PLACE_EVERYWHERE ? "  nothing is mapped there"
								    : "  there is no such area");
		return;
	}
	printf("  %-12s  %-12s  %*s %-4s  %-8s%-28s %-8s %s%s\n", "START", "END",
	       options->common.bytes ? 15 : 6, "SIZE", "PERM", "KIND", "WHAT", "SINCE",
	       "LAST CHANGE",
	       options->long_rows ? "       OFFSET  SOURCE    FLAGS        PATH" : "");
	print_rows(map);
	print_legend(map->view);
}

void map_print_maps(const struct map *map)
{
	const struct ledger_view *view = map->view;
	struct vm_canonical canonical;
	struct vm_set_source source;
	struct memory_area run;

	/* Areas are chosen by what the kernel shows of them: runs of ours that look the same. */
	vm_set_source_init(&source, view->replay.space.set, MEMORY_SET_ALL);
	vm_canonical_init(&canonical, &source.source);
	while (vm_canonical_next(&canonical, &run)) {
		char line[9000];
		struct text text;

		if (!filter_area(&map->filter, &run))
			continue;
		text_init(&text, line, sizeof(line));
		area_maps_line(&view->replay.space, &run, &text);
		fwrite(line, 1, text.len, stdout);
	}
}
