/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_STACK_TEXT_H
#define CLI_STACK_TEXT_H

/*
 * stack_text - stacks with names
 *
 * A stack is named in the map of the moment at which it was taken: that to which
 * the view is folded. Frames of mapledger's own are left out.
 */

#include "cli/text/json.h"
#include "query/ledger_view.h"
#include "symbolize/symbolize.h"

/*
 * One function of a stack. An address has several when functions were inlined.
 *
 * @pc:       inside of the instruction that called, or that was interrupted
 * @module:   "libc.so.6", "[vdso]", "jit" for code of no file, "?" for what is no code
 * @address:  in the module's file, as its own headers count; without a file as @pc
 * @function, @file: or NULL
 * @is_quiet: of a library that everybody calls: libc, the loader, an allocator, or what a
 *            language's standard library had inlined or instantiated
 * @is_start: where the thread begins: below main
 */
struct named_frame {
	uint64_t pc;
	const char *module;
	uint64_t address;
	const char *function;
	const char *file;
	unsigned line;
	bool inlined;
	bool is_quiet;
	bool is_start;
	bool is_guessed;
};

/* Innermost first. All zeros is an empty one. @is_whole: down to where the thread began. */
struct named_stack {
	struct named_frame *frames;
	size_t n;
	size_t capacity;
	bool is_whole;
};

/* What names the stacks of one ledger, or NULL after a complaint. */
struct symbolizer *stack_names(const struct ledger_view *view);

/* One line on stderr for each file that could give no names, and for @symbolizer NULL none. */
void stack_say_problems(const struct symbolizer *symbolizer);

/**
 * stack_name() - name a stack in the map that the view is folded to
 * @stack: overwritten
 *
 * Return: 0 or -ENOMEM.
 */
int stack_name(const struct ledger_view *view, struct symbolizer *symbolizer,
	       const struct ledger_trace *trace, struct named_stack *stack);
void stack_free(struct named_stack *stack);

/* "fill demo.c:9 via memset < main demo.c:14": from the program's point of view. */
void stack_line(const struct named_stack *stack, struct text *text);

/* The first of the frames of stack_line(): "fill demo.c:9". */
void stack_who(const struct named_stack *stack, struct text *text);

/* The same in few columns: "fill demo.c:9", or "fill" where that would be too wide. */
void stack_who_short(const struct named_stack *stack, size_t columns, struct text *text);

/*
 * The parts of such lines: "ns::fill"; "demo.c:9", "libfoo.so.1+0x1234"; and "memset",
 * what the frame @i called, when that is a library's and worth a word.
 */
void stack_function(const struct named_frame *frame, struct text *text);
void stack_where(const struct named_frame *frame, struct text *text);
void stack_via(const struct named_stack *stack, size_t i, struct text *text);

/* The innermost frame of the program's own; n when there is none. */
size_t stack_first(const struct named_stack *stack);

/* That frame; NULL when there is none, or no stack. */
const struct named_frame *stack_first_frame(const struct named_stack *stack);

/* Not of a library that everybody calls, and not where the program is started. */
bool stack_is_program(const struct named_frame *frame);

/* All frames, each on a line behind @indent blanks. */
void stack_print(const struct named_stack *stack, int indent);

/* An array of objects under @key. */
void stack_json(struct json *json, const char *key, const struct named_stack *stack);

/* The stack of the event at hand: named when it is asked for, and only once. */
struct history_event;
struct event_names {
	struct ledger_view *view;
	struct symbolizer *symbolizer;
	uint64_t number; /* of the call that @stack belongs to; 0: none */
	struct named_stack stack;
};

/* Return: false after a complaint. */
bool event_names_begin(struct event_names *names, struct ledger_view *view);

/* Says what files gave no names, if any were asked. */
void event_names_end(struct event_names *names);

/* Of a call that was just folded. Empty when it has none, or memory is short. */
const struct named_stack *event_names_of(struct event_names *names,
					 const struct history_event *event);

/*
 * The stacks of some calls.
 *
 * @event: its number
 */
struct event_stack {
	uint64_t event;
	struct named_stack stack;
};

/**
 * stacks_of_events() - name the stacks of calls, each in the map of its own moment
 * @stacks: in any order; become sorted, each event once; calls without a stack keep
 *          an empty one
 * @n:      how many there are; becomes less where an event was wanted twice
 * @last:   the view is folded to this call afterwards
 *
 * Return: false after a complaint.
 */
bool stacks_of_events(struct ledger_view *view, struct symbolizer *symbolizer,
		      struct event_stack *stacks, size_t *n, uint64_t last);

/* Free the stacks, not the array. */
void stacks_forget(struct event_stack *stacks, size_t n);

/* NULL when there is none of this event. */
const struct named_stack *stack_of_event(const struct event_stack *stacks, size_t n,
					 uint64_t event);

#endif
