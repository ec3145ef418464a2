/* SPDX-License-Identifier: Apache-2.0 */

/* Tests the parsing of MAPLEDGER_OPTIONS. */

#include <criterion/criterion.h>
#include <string.h>
#include "base/options.h"

static struct options options;
static char complaint[256];

static void parse(const char *string)
{
	struct text text;

	text_init(&text, complaint, sizeof(complaint));
	options_init(&options);
	options_parse(&options, string, &text);
}

Test(options, have_defaults)
{
	parse("");
	cr_assert_str_eq(options.output, "mapledger.%e.%p.mlg");
	cr_assert_eq(options.max_size, 256u << 20);
	cr_assert_eq(options.follow, OPTION_FOLLOW_ALL);
	cr_assert_eq(options.verify, OPTION_VERIFY_EXIT);
	cr_assert_eq(options.sites, OPTION_SITES_ALL);
	cr_assert_str_empty(complaint);
}

Test(options, are_pairs_with_colons_between)
{
	parse("output=/tmp/x.mlg:root=42:max_size=64M:follow=none:verify=off");
	cr_assert_str_eq(options.output, "/tmp/x.mlg");
	cr_assert_eq(options.root, 42);
	cr_assert_eq(options.max_size, 64u << 20);
	cr_assert_eq(options.follow, OPTION_FOLLOW_NONE);
	cr_assert_eq(options.verify, OPTION_VERIFY_OFF);
	parse("verify=each");
	cr_assert_eq(options.verify, OPTION_VERIFY_EACH);
	cr_assert_str_empty(complaint);
}

Test(options, may_be_quoted)
{
	parse("output='/tmp/a:b.mlg':root=7");
	cr_assert_str_eq(options.output, "/tmp/a:b.mlg");
	cr_assert_eq(options.root, 7);
	parse("output=\"/tmp/it's.mlg\"");
	cr_assert_str_eq(options.output, "/tmp/it's.mlg");
}

Test(options, take_the_last_of_two)
{
	parse("root=1:root=2");
	cr_assert_eq(options.root, 2);
}

struct complaint_case {
	char string[48];
	char names[32];
};

Test(options, name_what_they_ignore_and_go_on)
{
	static const struct complaint_case cases[] = {
		{ "colour=red:root=3", "unknown key 'colour'" },
		{ "max_size=lots:root=3", "bad value 'max_size=lots'" },
		{ "follow=everyone:root=3", "bad value 'follow=everyone'" },
		{ "root=12x:root=3", "bad value 'root=12x'" },
		{ "root:root=3", "without a value: 'root'" },
		{ "output=:root=3", "bad value 'output='" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(cases[i].string);
		cr_assert(strstr(complaint, cases[i].names) != NULL, "%s -> %s", cases[i].string,
			  complaint);
		cr_assert_eq(options.root, 3, "%s", cases[i].string);
	}
}

Test(options, survive_anything)
{
	static const char *const strings[] = {
		":", "=", "::=:", "a", "'", "output='", "=x", "a=b=c"
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		parse(strings[i]);
}

struct size_case {
	char string[24];
	bool ok;
	uint64_t size;
};

Test(options, know_sizes)
{
	static const struct size_case cases[] = {
		{ "0", true, 0 },	    { "4096", true, 4096 },	  { "4k", true, 4096 },
		{ "3G", true, 3ull << 30 }, { "1.5M", false, 0 },	  { "M", false, 0 },
		{ "4KB", false, 0 },	    { "99999999999G", false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t size = 0;
		const char *string = cases[i].string;

		cr_assert_eq(options_parse_size(string, string + strlen(string), &size),
			     cases[i].ok, "%s", string);
		if (cases[i].ok)
			cr_assert_eq(size, cases[i].size, "%s", string);
	}
}

Test(options, words_are_found_in_what_may_stand_there)
{
	static const char alternatives[] = "each|exit|off";
	static const char bits[] = "wx,clobber|off";

	cr_assert_eq(options_find_word(alternatives, '|', "each", 4), 0);
	cr_assert_eq(options_find_word(alternatives, '|', "off", 3), 2);
	cr_assert_eq(options_find_word(alternatives, '|', "of", 2), -1);
	cr_assert_eq(options_find_word(alternatives, '|', "exit|off", 8), -1);
	cr_assert_eq(options_find_word(alternatives, '|', "", 0), -1);
	cr_assert_eq(options_find_word(bits, ',', "clobber", 7), 1);
	cr_assert_eq(options_find_word(bits, ',', "off", 3), -1, "it stands behind the |");
	cr_assert_eq(options_find_word(bits, '|', "wx,clobber", 10), 0);
}
