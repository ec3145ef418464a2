/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_NAMED_STACK_H
#define QUERY_NAMED_STACK_H

/*
 * named_stack - the functions, files and lines that a recorded stack consists of
 *
 * A stack is named in the map of the moment at which it was taken: that to which
 * the view is folded. Frames of mapledger's own are left out.
 */

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

/* Where the code of a frame lies. */
enum frame_place {
	FRAME_NOWHERE, /* where there is no code */
	FRAME_JIT,     /* in executable memory of no file */
	FRAME_IN_FILE,
	FRAME_OWN, /* in mapledger, which is left out of stacks */
};

/* A program counter, found in the map: @object and @offset only with FRAME_IN_FILE. */
struct placed_frame {
	uint64_t pc;
	uint64_t offset;
	uint32_t object; /* id of the space's */
	uint8_t place;	 /* enum frame_place */
	bool is_guessed;
};

/*
 * A stack of which is known where its code lay: what is needed to name it later, when
 * the map may be another. Freed with free().
 */
struct placed_stack {
	bool is_whole;
	unsigned n;
	struct placed_frame frames[];
};

/* What names the stacks of a ledger. The view keeps it, and destroys it when it is closed. */
struct symbolizer *stack_names(struct ledger_view *view);

/**
 * stack_name() - name a stack in the map that the view is folded to
 * @stack: overwritten; all zeros, or an earlier one. Its strings are the symbolizer's
 */
void stack_name(const struct ledger_view *view, struct symbolizer *symbolizer,
		const struct ledger_trace *trace, struct named_stack *stack);

/* Find the code of a stack in the map that the view is folded to. The caller frees it. */
struct placed_stack *stack_place(const struct ledger_view *view, const struct ledger_trace *trace);

/*
 * stack_name_placed() - name a stack that was placed before. The view is folded to where it
 * was placed, or further.
 */
void stack_name_placed(const struct ledger_view *view, struct symbolizer *symbolizer,
		       const struct placed_stack *placed, struct named_stack *stack);
/* Free the frames of a named stack; all zeros has none. */
void stack_free(struct named_stack *stack);

/* The innermost frame of the program's own; n when there is none. */
size_t stack_first(const struct named_stack *stack);

/* The innermost frame of the program's own; NULL when there is none, or no stack. */
const struct named_frame *stack_first_frame(const struct named_stack *stack);

/* Is a frame the program's own: not of a library that everybody calls, nor what calls main? */
bool stack_is_program(const struct named_frame *frame);

#endif
