/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/options/option_row.h"

const struct option_row *option_row_of(const struct option_row *row)
{
	return row->shared != NULL ? row->shared : row;
}

/* Of the struct that the option speaks of. */
static char *struct_of(const struct option_row *row, const void *options)
{
	return (char *)options + (row->shared != NULL ? row->field : 0);
}

void *option_field(const struct option_row *row, const void *options)
{
	return struct_of(row, options) + option_row_of(row)->field;
}

const char *option_argument(const struct option_row *row)
{
	const struct option_row *own = option_row_of(row);

	return own->kind == OPTION_KIND_SETTING ? own->setting->values : own->argument;
}

static const char *words_of(const struct option_row *row)
{
	return row->words != NULL ? row->words : option_argument(row);
}

/* "is not one of each, exit, off" */
static void say_words(const char *words, struct text *wrong)
{
	text_string(wrong, "is not one of ");
	for (; *words != '\0'; words++) {
		text_char(wrong, *words == '|' ? ',' : *words);
		if (*words == '|')
			text_char(wrong, ' ');
	}
}

static bool set_word(const struct option_row *row, const char *value, void *field)
{
	int place = options_find_word(words_of(row), '|', value, strlen(value));

	if (place >= 0 && row->kind == OPTION_KIND_WORD)
		*(unsigned *)field = (unsigned)place;
	else if (place >= 0)
		*(const char **)field = value;
	return place >= 0;
}

static bool set_id(const char *value, void *field)
{
	uint64_t id;

	if (!syntax_parse_number(value, &id) || id == 0 || id > INT32_MAX)
		return false;
	memcpy(field, &(uint32_t){ (uint32_t)id }, sizeof(uint32_t));
	return true;
}

static const char *set_number(const struct option_row *row, const char *value, uint64_t *number)
{
	const char *wrong = row->wrong != NULL ? row->wrong : "is not a number";

	if (!syntax_parse_number(value, number) || *number < row->min ||
	    (row->max != 0 && *number > row->max))
		return wrong;
	return NULL;
}

static const char *set_size(const struct option_row *row, const char *value, uint64_t *size)
{
	if (!syntax_parse_size(value, value + strlen(value), size) || *size == 0)
		return "is not a size; write for example 64M or 1G";
	return *size < row->min ? row->wrong : NULL;
}

/* Return: NULL, or what is wrong; the row has its own word for it, or the kind has. */
static const char *set_value(const struct option_row *row, const char *value, void *field)
{
	switch (row->kind) {
	case OPTION_KIND_FLAG:
		*(bool *)field = true;
		return NULL;
	case OPTION_KIND_BITS:
		*(uint64_t *)field |= row->bits;
		return NULL;
	case OPTION_KIND_NUMBER:
		return set_number(row, value, field);
	case OPTION_KIND_ID:
		return set_id(value, field) ? NULL : row->wrong;
	case OPTION_KIND_SIZE:
		return set_size(row, value, field);
	case OPTION_KIND_SIZES:
		return syntax_parse_size_range(value, field);
	case OPTION_KIND_MOMENT:
		return syntax_parse_moment(value, field);
	case OPTION_KIND_PLACE:
		return syntax_parse_place(value, field);
	case OPTION_KIND_CALLS:
		return syntax_parse_calls(value, field);
	case OPTION_KIND_PERM:
		return syntax_parse_perm(value, field);
	case OPTION_KIND_TEXT:
		*(const char **)field = value;
		return *value == '\0' ? row->wrong : NULL;
	case OPTION_KIND_PARSED:
		return row->parse(value, field);
	default:
		return NULL;
	}
}

bool option_set(const struct option_row *row, void *options, const char *value, struct text *wrong)
{
	const struct option_row *own = option_row_of(row);
	void *field = option_field(row, options);
	const char *problem;

	if (own->given != 0)
		*(bool *)(struct_of(row, options) + own->given) = true;
	if (own->kind == OPTION_KIND_WORD || own->kind == OPTION_KIND_SETTING) {
		if (set_word(own, value, field))
			return true;
		if (own->wrong == NULL)
			say_words(words_of(own), wrong);
		else
			text_string(wrong, own->wrong);
		return false;
	}
	problem = set_value(own, value, field);
	if (problem != NULL)
		text_string(wrong, problem);
	return problem == NULL;
}
