/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "query/area_kind.h"
#include "query/heap.h"
#include "query/named_stack.h"
#include "vma/vm_module.h"
#include "symbolize/short_name.h"

#define NAME_COLUMNS 60 /* of a function that is looked at */

static bool begins_with_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* Compiled into the program, but not of it: templates, inlined functions, sanitizers' runtimes. */
static bool is_of_the_language(const char *function, const char *file)
{
	static const char *const functions[] = {
		"std::",   "__gnu_cxx::",    "operator new",	 "<alloc::",
		"<core::", "<std::",	     "alloc::raw_vec::", "__sanitizer::",
		"__asan",  "__tsan",	     "__msan",		 "__lsan",
		"__ubsan", "__interceptor_", "___interceptor_",	 "mmap_interceptor",
	};
	static const char *const files[] = { "/rustc/", "library/core/", "library/alloc/",
					     "library/std/" };
	char name[NAME_COLUMNS];

	if (file != NULL && begins_with_one_of(file, files, sizeof(files) / sizeof(files[0])))
		return true;
	if (function == NULL)
		return false;
	symbol_short_name(function, name, sizeof(name));
	return begins_with_one_of(name, functions, sizeof(functions) / sizeof(functions[0]));
}

static bool is_quiet(const char *module)
{
	return vm_module_is(module, VM_MODULE_QUIET);
}

static void add_frame(struct named_stack *stack, const struct named_frame *frame)
{
	stack->frames = heap_grow(stack->frames, stack->n, &stack->capacity, 16, sizeof(*frame));
	stack->frames[stack->n++] = *frame;
}

/* The functions at one address of a file. */
static void add_symbol(struct named_stack *stack, struct named_frame frame,
		       const struct symbol *symbol)
{
	frame.module = symbol->module;
	frame.address = symbol->address;
	frame.is_quiet = is_quiet(symbol->module);
	if (symbol->n_frames == 0)
		add_frame(stack, &frame);
	for (size_t i = 0; i < symbol->n_frames; i++) {
		frame.function = symbol->frames[i].function;
		frame.file = symbol->frames[i].file;
		frame.line = symbol->frames[i].line;
		frame.inlined = symbol->frames[i].inlined;
		frame.is_quiet =
			is_quiet(symbol->module) || is_of_the_language(frame.function, frame.file);
		add_frame(stack, &frame);
	}
}

/* ------------------------------------------------------------------------- placing */

static bool is_named(const struct vm_object *object)
{
	return object != NULL && object->name_len > 0;
}

static enum frame_place place_of(const struct vm_object *object, uint64_t flags)
{
	if (is_named(object))
		return strstr(object->name, "libmapledger.so") != NULL ? FRAME_OWN : FRAME_IN_FILE;
	if (flags & VM_OWN)
		return FRAME_OWN;
	return flags & VM_EXEC ? FRAME_JIT : FRAME_NOWHERE;
}

static struct placed_frame place_pc(const struct vm_space *space, uint64_t pc)
{
	const struct memory_area *area = memory_set_find(space->set, pc);
	struct placed_frame frame = { .pc = pc, .place = FRAME_NOWHERE };
	uint64_t offset;

	if (area == NULL)
		return frame;
	offset = area->offset == MEMORY_AREA_NO_OFFSET ? 0 : area->offset;
	frame.object = (uint32_t)area->tag[VM_TAG_OBJECT];
	frame.offset = offset + pc - area->range.start;
	frame.place = place_of(area_object(space, area), area->flags);
	return frame;
}

static struct placed_frame place_frame(const struct ledger_view *view,
				       const struct ledger_trace *trace, unsigned i)
{
	struct placed_frame frame = place_pc(&view->replay.space, ledger_trace_pc(trace, i));

	frame.is_guessed = i < 64 && (trace->guessed >> i & 1);
	return frame;
}

struct placed_stack *stack_place(const struct ledger_view *view, const struct ledger_trace *trace)
{
	struct placed_stack *placed =
		heap_array(1, sizeof(*placed) + trace->n_frames * sizeof(placed->frames[0]));

	placed->is_whole = trace->end == LEDGER_STACK_OUTERMOST;
	placed->n = trace->n_frames;
	for (unsigned i = 0; i < trace->n_frames; i++)
		placed->frames[i] = place_frame(view, trace, i);
	return placed;
}

/* _start has no name in a stripped program. */
static void mark_start(struct named_stack *stack)
{
	for (size_t i = 0; i < stack->n; i++) {
		const char *function = stack->frames[i].function;
		const char *inner = i > 0 ? stack->frames[i - 1].function : NULL;

		stack->frames[i].is_start = function != NULL && strcmp(function, "_start") == 0;
		if (function == NULL && inner != NULL &&
		    strncmp(inner, "__libc_start_main", 17) == 0)
			stack->frames[i].is_start = true;
	}
}

/* ------------------------------------------------------------------------- naming */

void stack_free(struct named_stack *stack)
{
	free(stack->frames);
	*stack = (struct named_stack){ 0 };
}

struct symbolizer *stack_names(struct ledger_view *view)
{
	if (view->symbolizer == NULL)
		view->symbolizer = symbolizer_create(view->sysroot);
	if (view->symbolizer == NULL)
		heap_exhausted();
	return view->symbolizer;
}

static void name_frame(const struct ledger_view *view, struct symbolizer *symbolizer,
		       const struct placed_frame *placed, struct named_stack *stack)
{
	struct named_frame frame = { .pc = placed->pc,
				     .address = placed->pc,
				     .is_guessed = placed->is_guessed };
	const struct symbol *symbol;

	switch (placed->place) {
	case FRAME_OWN:
		break;
	case FRAME_IN_FILE:
		symbol =
			symbolizer_find(symbolizer,
					vm_objects_get(&view->replay.space.objects, placed->object),
					placed->offset);
		if (symbol == NULL)
			heap_exhausted();
		add_symbol(stack, frame, symbol);
		break;
	case FRAME_JIT:
	case FRAME_NOWHERE:
		frame.module = placed->place == FRAME_JIT ? "jit" : "?";
		add_frame(stack, &frame);
		break;
	}
}

static void begin_stack(struct named_stack *stack, bool is_whole)
{
	stack->n = 0;
	stack->is_whole = is_whole;
}

void stack_name_placed(const struct ledger_view *view, struct symbolizer *symbolizer,
		       const struct placed_stack *placed, struct named_stack *stack)
{
	begin_stack(stack, placed->is_whole);
	for (unsigned i = 0; i < placed->n; i++)
		name_frame(view, symbolizer, &placed->frames[i], stack);
	mark_start(stack);
}

void stack_name(const struct ledger_view *view, struct symbolizer *symbolizer,
		const struct ledger_trace *trace, struct named_stack *stack)
{
	begin_stack(stack, trace->end == LEDGER_STACK_OUTERMOST);
	for (unsigned i = 0; i < trace->n_frames; i++) {
		struct placed_frame placed = place_frame(view, trace, i);

		name_frame(view, symbolizer, &placed, stack);
	}
	mark_start(stack);
}

/* ------------------------------------------------------------------------ its parts */

bool stack_is_program(const struct named_frame *frame)
{
	return !frame->is_quiet && !frame->is_start;
}

size_t stack_first(const struct named_stack *stack)
{
	size_t i = 0;

	while (i < stack->n && !stack_is_program(&stack->frames[i]))
		i++;
	return i;
}

const struct named_frame *stack_first_frame(const struct named_stack *stack)
{
	size_t first = stack != NULL ? stack_first(stack) : 0;

	return stack != NULL && first < stack->n ? &stack->frames[first] : NULL;
}
