/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text_format.h"
#include "cli/text/output.h"
#include "cli/text/stack_text.h"
#include "symbolize/short_name.h"

#define NAME_COLUMNS 60 /* of a function in one line; longer ones are cut */
#define LINE_FRAMES  3

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void say_name(const char *function, struct text *text)
{
	char name[NAME_COLUMNS + 1];

	symbol_short_name(function, name, sizeof(name));
	text_name(text, name, strlen(name));
	if (strlen(name) >= NAME_COLUMNS - 1)
		text_string(text, "...");
}

void stack_function(const struct named_frame *frame, struct text *text)
{
	if (frame->function != NULL)
		say_name(frame->function, text);
}

void stack_where(const struct named_frame *frame, struct text *text)
{
	if (frame->file != NULL) {
		text_name(text, base_name(frame->file), strlen(base_name(frame->file)));
		if (frame->line != 0)
			text_format(text, ":%u", frame->line);
		return;
	}
	text_name(text, frame->module, strlen(frame->module));
	if (frame->function != NULL)
		return;
	text_format(text, "%s%" PRIx64, frame->address == frame->pc ? " 0x" : "+0x",
		    frame->address);
}

/* "fill demo.c:9", "PyMem_Malloc libpython3.11.so", "libfoo.so+0x1234", "jit 0x7f1234" */
static void say_frame(const struct named_frame *frame, struct text *text)
{
	stack_function(frame, text);
	if (frame->function != NULL)
		text_char(text, ' ');
	stack_where(frame, text);
}

static bool is_call_itself(const char *function)
{
	static const char *const wrappers[] = { "mmap64", "sbrk", "syscall", "pkey_mprotect" };

	static const char interceptor[] = "interceptor_"; /* a sanitizer's */

	function += strspn(function, "_");
	if (strncmp(function, interceptor, strlen(interceptor)) == 0)
		function += strlen(interceptor);
	for (unsigned op = VM_OP_NONE + 1; op < VM_OP_COUNT; op++)
		if (strcmp(function, vm_op_info(op)->name) == 0)
			return true;
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++)
		if (strcmp(function, wrappers[i]) == 0)
			return true;
	return false;
}

/* Libraries call their own functions by other names: __GI___libc_malloc, ___dlopen. */
static size_t alias_length(const char *function)
{
	static const char *const prefixes[] = { "__GI_", "__libc_", "_IO_", "__interceptor_" };
	size_t len = 0;

	if (strncmp(function, "_Z", 2) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(function + len, prefixes[i], strlen(prefixes[i])) == 0)
			len += strlen(prefixes[i]);
	len += strspn(function + len, "_");
	return function[len] != '\0' ? len : 0;
}

/* "pthread_create_2_1" is what a library calls a version of pthread_create. */
static void drop_version(struct text *text)
{
	const char *end = text->buffer + text->len;

	if (text->len > 4 && end[-4] == '_' && end[-2] == '_' && end[-3] >= '0' && end[-3] <= '9' &&
	    end[-1] >= '0' && end[-1] <= '9')
		text->len -= 4;
	text->buffer[text->len] = '\0';
}

void stack_via(const struct named_stack *stack, size_t i, struct text *text)
{
	const struct named_frame *called = i > 0 ? &stack->frames[i - 1] : NULL;

	if (called == NULL || !called->is_quiet || called->function == NULL ||
	    is_call_itself(called->function))
		return;
	say_name(called->function + alias_length(called->function), text);
	drop_version(text);
}

static void say_via(const struct named_stack *stack, size_t i, struct text *text)
{
	struct text via;
	TEXT_ON_STACK(via, 200);

	stack_via(stack, i, &via);
	if (via.len == 0)
		return;
	text_format(text, " via %s", via.buffer);
}

/* All is inside of libraries: as it is. */
static void say_quiet_line(const struct named_stack *stack, struct text *text)
{
	size_t n = stack->n < LINE_FRAMES ? stack->n : LINE_FRAMES;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text_string(text, " < ");
		say_frame(&stack->frames[i], text);
	}
}

void stack_who(const struct named_stack *stack, struct text *text)
{
	size_t first = stack_first(stack);

	if (first < stack->n) {
		say_frame(&stack->frames[first], text);
		say_via(stack, first, text);
	} else if (stack->n > 0) {
		first = 0;
		while (first + 1 < stack->n && stack->frames[first].function != NULL &&
		       is_call_itself(stack->frames[first].function))
			first++;
		say_frame(&stack->frames[first], text);
	}
}

void stack_who_short(const struct named_stack *stack, size_t columns, struct text *text)
{
	size_t first = stack_first(stack);
	const struct named_frame *frame;
	struct text whole;
	TEXT_ON_STACK(whole, 400);

	if (stack->n == 0)
		return;
	if (first == stack->n) {
		stack_who(stack, &whole);
		text_string(text, whole.buffer);
		return;
	}
	frame = &stack->frames[first];
	say_frame(frame, &whole);
	if (whole.len > columns && frame->function != NULL)
		stack_function(frame, text);
	else
		text_string(text, whole.buffer);
}

void stack_line(const struct named_stack *stack, struct text *text)
{
	size_t first = stack_first(stack);
	unsigned n = 0;

	if (first == stack->n) {
		say_quiet_line(stack, text);
		return;
	}
	for (size_t i = first; i < stack->n; i++) {
		if (!stack_is_program(&stack->frames[i]))
			continue;
		if (n == LINE_FRAMES) {
			text_string(text, " < ...");
			return;
		}
		if (n++ > 0)
			text_string(text, " < ");
		say_frame(&stack->frames[i], text);
		if (i == first)
			say_via(stack, first, text);
	}
}

/* ----------------------------------------------------------------------- all of it */

void stack_print(const struct named_stack *stack, int indent)
{
	for (size_t i = 0; i < stack->n; i++) {
		const struct named_frame *frame = &stack->frames[i];
		struct text text;
		TEXT_ON_STACK(text, 3000);

		if (frame->function != NULL)
			text_name(&text, frame->function, strlen(frame->function));
		else
			text_string(&text, "?");
		text_string(&text, "  ");
		if (frame->file != NULL) {
			text_name(&text, frame->file, strlen(frame->file));
			text_format(&text, ":%u  ", frame->line);
		}
		text_name(&text, frame->module, strlen(frame->module));
		text_format(&text, "%s%" PRIx64, frame->address == frame->pc ? " 0x" : "+0x",
			    frame->address);
		if (frame->inlined)
			text_string(&text, "  (inlined)");
		if (frame->is_guessed)
			text_string(&text, "  (found by its frame pointer)");
		printf("%*s%s\n", indent, "", text.buffer);
	}
	if (!stack->is_whole && stack->n > 0)
		printf("%*s...\n", indent, "");
}

void stack_json(struct json *json, const char *key, const struct named_stack *stack)
{
	json_array(json, key);
	for (size_t i = 0; i < stack->n; i++) {
		const struct named_frame *frame = &stack->frames[i];

		json_object(json, NULL);
		json_address(json, "pc", frame->pc);
		json_string(json, "module", frame->module);
		json_address(json, "address", frame->address);
		json_string(json, "function", frame->function);
		json_string(json, "file", frame->file);
		if (frame->line != 0)
			json_unsigned(json, "line", frame->line);
		json_bool(json, "inlined", frame->inlined);
		json_end_object(json);
	}
	json_end_array(json);
}
