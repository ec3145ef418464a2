/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A function's name without arguments and template parameters
 */

#include <string.h>
#include "symbolize/short_name.h"
#include "symbolize/symbolize.h"

#define ANONYMOUS "(anonymous namespace)::"
#define OPERATOR  "operator"
#define LONGEST	  4096

/* A name on its way into the buffer; what is inside of template brackets is left out. */
struct shortening {
	char *buffer;
	size_t size;
	size_t len;
	int templates; /* brackets that are open */
	int braces;    /* of {lambda(int)#1}: all of it is the name */
};

static void put(struct shortening *to, const char *text, size_t len)
{
	if (to->templates > 0 || to->len + len >= to->size)
		return;
	memcpy(to->buffer + to->len, text, len);
	to->len += len;
}

static bool is_word_start(const struct shortening *to)
{
	return to->len == 0 || to->buffer[to->len - 1] == ':' || to->buffer[to->len - 1] == ' ';
}

/* "operator()" and "operator<<" are no brackets; 0: there is no operator at @at. */
static size_t operator_length(const struct shortening *to, const char *at)
{
	size_t len = sizeof(OPERATOR) - 1;

	if (to->templates > 0 || !is_word_start(to) || strncmp(at, OPERATOR, len) != 0)
		return 0;
	if (strncmp(at + len, "()", 2) == 0)
		return len + 2;
	return len + strspn(at + len, "<>=-");
}

/* Where a bracket of Rust's "<Type as Trait>::f" ends that begins the name. */
static size_t leading_type_length(const struct shortening *to, const char *at)
{
	const char *end = at;
	int depth = 0;

	if (to->len > 0 || to->templates > 0 || *at != '<')
		return 0;
	do {
		depth += (*end == '<') - (*end == '>');
		end++;
	} while (*end != '\0' && depth > 0);
	return (size_t)(end - at);
}

static size_t whole_length(const struct shortening *to, const char *at)
{
	size_t len = operator_length(to, at);

	return len != 0 ? len : leading_type_length(to, at);
}

/* Instances of templates begin with what they return: "void f<int>". */
static void drop_returned_type(struct shortening *to)
{
	char *from = to->buffer;

	if (strstr(to->buffer, OPERATOR " ") != NULL || to->buffer[0] == '<')
		return;
	for (char *at = to->buffer; *at != '\0' && *at != '{'; at++)
		if (*at == ' ' && at[1] != '<')
			from = at + 1;
	memmove(to->buffer, from, strlen(from) + 1);
}

static void shorten(const char *name, struct shortening *to)
{
	while (*name != '\0') {
		size_t whole = whole_length(to, name);

		if (whole > 0) {
			put(to, name, whole);
			name += whole;
			continue;
		}
		if (strncmp(name, ANONYMOUS, sizeof(ANONYMOUS) - 1) == 0) {
			name += sizeof(ANONYMOUS) - 1;
			continue;
		}
		if (*name == '(' && to->templates == 0 && to->braces == 0 && to->len > 0)
			break;
		to->braces += to->templates == 0 ? (*name == '{') - (*name == '}') : 0;
		if (*name == '<' && to->braces == 0) {
			put(to, "<...>", 5);
			to->templates++;
		} else if (*name == '>' && to->templates > 0) {
			to->templates--;
		} else {
			put(to, name, 1);
		}
		name++;
	}
	to->buffer[to->len] = '\0';
}

/* Cut only in the end: what is cut off may be what the function returns. */
void symbol_short_name(const char *name, char *buffer, size_t size)
{
	char whole[LONGEST];
	struct shortening to = { .buffer = whole, .size = sizeof(whole) };
	size_t len;

	shorten(name, &to);
	drop_returned_type(&to);
	len = strlen(whole);
	if (len >= size)
		len = size - 1;
	memcpy(buffer, whole, len);
	buffer[len] = '\0';
}
