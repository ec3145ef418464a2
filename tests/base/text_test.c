/* SPDX-License-Identifier: Apache-2.0 */

/* Tests strings that are built in a buffer, and numbers read from one. */

#include <criterion/criterion.h>
#include <string.h>
#include "base/text_format.h"

Test(text, builds_numbers_and_strings)
{
	char buffer[128];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "a=");
	text_hex(&text, 0x1f, 4);
	text_char(&text, ' ');
	text_decimal(&text, UINT64_MAX);
	text_char(&text, ' ');
	text_signed(&text, INT64_MIN);
	cr_assert_str_eq(buffer, "a=001f 18446744073709551615 -9223372036854775808");
	cr_assert_eq(text.len, strlen(buffer));
	cr_assert_not(text.cut);
}

Test(text, is_cut_at_the_end_of_its_buffer)
{
	char buffer[6];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "abcdefgh");
	cr_assert_str_eq(buffer, "abcde");
	cr_assert(text.cut);
}

Test(text, pads_to_a_column)
{
	char buffer[16];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "ab");
	text_pad(&text, 5);
	text_pad(&text, 3);
	text_char(&text, '|');
	cr_assert_str_eq(buffer, "ab   |");
}

struct parse_case {
	char string[32];
	bool ok;
	uint64_t value;
	int used;
};

Test(text, parses_hexadecimal)
{
	static const struct parse_case cases[] = {
		{ "7fff-", true, 0x7fff, 4 },
		{ "ffffffffffffffff", true, UINT64_MAX, 16 },
		{ "10000000000000000", false, 0, 0 },
		{ "AbC", true, 0xabc, 3 },
		{ "-1", false, 0, 0 },
		{ "", false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = cases[i].string;
		uint64_t value = 0;

		cr_assert_eq(text_parse_hex(&at, at + strlen(at), &value), cases[i].ok, "%s",
			     cases[i].string);
		cr_assert_eq(value, cases[i].value, "%s", cases[i].string);
		cr_assert_eq(at - cases[i].string, cases[i].used, "%s", cases[i].string);
	}
}

Test(text, parses_decimal)
{
	const char *string = "18446744073709551616", *at = string;
	uint64_t value;

	cr_assert_not(text_parse_decimal(&at, string + 20, &value));
	cr_assert_eq(at, string);
	cr_assert(text_parse_decimal(&at, string + 19, &value));
	cr_assert_eq(value, 1844674407370955161ULL);
}

Test(text, formats_as_printf_does_behind_what_is_there)
{
	char buffer[64];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "at ");
	text_format(&text, "%llx-%04x %s %u%%", 0x7f00ull, 0x1fu, "rw-p", 42u);
	cr_assert_str_eq(buffer, "at 7f00-001f rw-p 42%");
	cr_assert_eq(text.len, strlen(buffer));
	cr_assert_not(text.cut);
}

Test(text, what_is_formatted_is_cut_where_the_buffer_ends)
{
	char buffer[6];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_format(&text, "%s", "12345");
	cr_assert_not(text.cut, "it fits to the byte");
	text_format(&text, "%s", "");
	cr_assert_not(text.cut);
	text_format(&text, "%u", 6u);
	cr_assert(text.cut);
	cr_assert_str_eq(buffer, "12345");
	cr_assert_eq(text.len, 5);
}

static struct word number_word(unsigned number)
{
	struct word word;
	struct text text = word_text(&word);

	text_format(&text, "<%u>", number);
	return word;
}

Test(text, words_are_strings_by_value)
{
	char buffer[64];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_format(&text, "%s %s", number_word(1).s, number_word(22).s);
	cr_assert_str_eq(buffer, "<1> <22>");
}
