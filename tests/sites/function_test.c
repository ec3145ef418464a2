/* SPDX-License-Identifier: Apache-2.0 */

/* Tests where a function is found to begin and end, from each table that may tell */

#include <criterion/criterion.h>
#include "sites/site_function.h"
#include "stand_in.h"

#define BEGIN (FILE_CODE + 0x100)
#define SIZE  0x40

static bool find(enum named_by by, uint64_t offset, struct site_function *function)
{
	struct site_text text;

	stand_in_begin();
	stand_in_name(by, BEGIN, SIZE);
	text = stand_in_map();
	return site_function_find(&text, offset, function);
}

static void assert_bounds(enum named_by by)
{
	struct site_function function;

	for (uint64_t into = 0; into < SIZE; into += SIZE - 1) {
		cr_assert(find(by, BEGIN + into, &function));
		cr_assert_eq(function.offset, BEGIN);
		cr_assert_eq(function.size, SIZE);
		cr_assert_not(function.part);
		cr_assert_eq(function.landing_pads, by == BY_LANDING_PADS);
	}
	cr_assert_not(find(by, BEGIN - 1, &function));
	cr_assert_not(find(by, BEGIN + SIZE, &function));
}

Test(site_function, is_told_by_eh_frame)
{
	assert_bounds(BY_EH_FRAME);
}

Test(site_function, is_told_by_eh_frame_with_a_table_of_exceptions)
{
	assert_bounds(BY_LANDING_PADS);
}

Test(site_function, is_told_by_a_symbol)
{
	assert_bounds(BY_SYMBOL);
}

Test(site_function, is_told_by_the_table_of_go)
{
	assert_bounds(BY_GO);
}

Test(site_function, is_not_guessed)
{
	struct site_function function;

	cr_assert_not(find(BY_NOTHING, BEGIN, &function));
}

/* @at of the tables is another byte than it should be. */
static void assert_refused(enum named_by by, uint64_t at, unsigned char byte, const char *what)
{
	struct site_function function;
	struct site_text text;

	stand_in_begin();
	stand_in_name(by, BEGIN, SIZE);
	stand_in_file[FILE_TABLES + at] = byte;
	text = stand_in_map();
	cr_assert_not(site_function_find(&text, BEGIN, &function), "%s", what);
}

Test(site_function, is_not_believed_of_a_table_of_another_form)
{
	assert_refused(BY_EH_FRAME, 0, 2, "version of .eh_frame_hdr");
	assert_refused(BY_EH_FRAME, 2, 0x04, "encoding of the count");
	assert_refused(BY_EH_FRAME, 3, 0x3c, "encoding of the table");
	assert_refused(BY_EH_FRAME, 8, 0, "no entries");
	assert_refused(BY_EH_FRAME, 0x100 + 9, 'y', "an augmentation without its size");
	assert_refused(BY_EH_FRAME, 0x100 + 10, 'X', "an augmentation that is not known");
	assert_refused(BY_EH_FRAME, 0x100 + 16, 0x0b, "absolute beginnings");
	assert_refused(BY_EH_FRAME, 0x118 + 8, 0, "an entry that begins elsewhere");
	assert_refused(BY_GO, 0x1000, 0xfb, "the table of an older Go");
	assert_refused(BY_GO, 0x1007, 4, "a pointer of four bytes");
	assert_refused(BY_GO, 0x2000 + 64 + 32 + 1, 0, "a section that is too small");
}
