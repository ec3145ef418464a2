/* SPDX-License-Identifier: Apache-2.0 */

/* Tests how the table carries out a judge's plan: each state that the ledger may say of a site */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ledger/ledger_format.h"
#include "sites/call_table.h"
#include "sites/site_table.h"
#include "stand_in.h"

#define AT (FILE_CODE + 0x100)

static const unsigned char code[] = { 0xb8, 11, 0, 0, 0, 0x0f, 0x05, 0xc3 };

static struct site_text text;
static struct site_plan plan;

static void put_site(uint64_t offset)
{
	stand_in_put(offset, code, sizeof(code));
}

static struct site_plan plan_at(uint64_t offset)
{
	struct site_plan made = { .begin = offset, .nr = 11, .n_copy = 5, .plain = true };

	memcpy(made.bytes, code, 7);
	return made;
}

static void begin(void)
{
	stand_in_begin();
	put_site(AT);
	text = stand_in_map();
	plan = plan_at(AT);
}

static void assert_untouched(uint64_t offset)
{
	unsigned char memory[sizeof(code)];

	stand_in_memory(&text, offset, memory, sizeof(memory));
	cr_assert_arr_eq(memory, code, sizeof(code));
}

TestSuite(site_table, .init = begin);

Test(site_table, patches_a_site_once)
{
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_PATCHED);
	cr_assert_eq(site_nr(0), 11);
	/* the bytes are another's now, but that one is us */
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_PATCHED);
	cr_assert_eq(stand_in_freed, 0);
}

Test(site_table, tells_no_number_where_the_stub_copies_more_than_the_mov)
{
	plan.plain = false;
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_PATCHED);
	cr_assert_eq(site_nr(0), SITE_ANY_NR);
}

Test(site_table, leaves_code_alone_that_may_run_already)
{
	text.time = SITE_IT_MAY_RUN;
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_RUNNING);
	assert_untouched(AT);
}

Test(site_table, leaves_code_alone_that_begins_in_front_of_the_mapping)
{
	text.offset = AT + 3;
	text.range.start = MEMORY_BASE + AT + 3;
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_RUNNING);
	assert_untouched(AT);
}

Test(site_table, leaves_bytes_alone_that_are_not_the_files)
{
	plan.bytes[1] = 12;
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_FOREIGN);
	plan = plan_at(AT);
	plan.bytes[5] = 0x90; /* or the syscall is not there any more */
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_FOREIGN);
	assert_untouched(AT);
}

Test(site_table, leaves_code_alone_that_no_stub_can_be_near)
{
	stand_in_stub = 0;
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_TOO_FAR);
	assert_untouched(AT);
}

Test(site_table, gives_the_stub_back_where_memory_can_not_be_written)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", text.mem);
	text.mem = open(name, O_RDONLY);
	cr_assert_geq(text.mem, 0);
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_UNWRITABLE);
	cr_assert_eq(stand_in_freed, 1);
	assert_untouched(AT);
}

Test(site_table, has_room_for_a_thousand_and_finds_the_rows_of_those_that_are_gone)
{
	for (unsigned i = 0; i <= SITES_MAX; i++)
		put_site(FILE_CODE + 0x100 + 16 * i);
	text = stand_in_map();
	for (unsigned i = 0; i < SITES_MAX; i++) {
		plan = plan_at(FILE_CODE + 0x100 + 16 * i);
		cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_PATCHED);
	}
	plan = plan_at(FILE_CODE + 0x100 + 16 * SITES_MAX);
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_NO_STUB);
	assert_untouched(plan.begin);
	/* one of them is something else now */
	pwrite(text.mem, code, 1, (off_t)(MEMORY_BASE + FILE_CODE + 0x100 + 16 * 7));
	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_PATCHED);
	cr_assert_eq(stand_in_freed, 1);
}

Test(site_table, keeps_a_row_as_long_as_its_jump_is_in_memory)
{
	struct addr_range around = { MEMORY_BASE, MEMORY_BASE + FILE_SIZE };

	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_PATCHED);
	site_table_forget_gone(around, text.mem);
	cr_assert_eq(stand_in_freed, 0);
	pwrite(text.mem, code, sizeof(code), (off_t)(MEMORY_BASE + AT));
	site_table_forget_gone((struct addr_range){ 0, MEMORY_BASE }, text.mem);
	cr_assert_eq(stand_in_freed, 0);
	site_table_forget_gone(around, text.mem);
	cr_assert_eq(stand_in_freed, 1);
}

Test(site_table, takes_jumps_back_that_were_moved)
{
	const uint64_t from = MEMORY_BASE + FILE_CODE, to = from + 0x10000;
	unsigned char memory[sizeof(code)];

	cr_assert_eq(site_table_patch(&text, &plan), LEDGER_SITE_PATCHED);
	stand_in_memory(&text, AT, memory, sizeof(memory));
	pwrite(text.mem, memory, sizeof(memory), (off_t)(MEMORY_BASE + AT + 0x10000));
	site_table_take_back((struct addr_range){ from, from + 0x1000 }, to, 0x1000);
	assert_untouched(AT + 0x10000);
	cr_assert_eq(stand_in_freed, 1);
}

Test(site_table, calls_are_seen_where_each_site_is_patched)
{
	cr_assert_not(site_table_sees(SITE_CALL));
	site_table_count(SITE_CALL, LEDGER_SITE_PATCHED);
	cr_assert(site_table_sees(SITE_CALL));
	site_table_count(SITE_CALL, LEDGER_SITE_TIGHT);
	cr_assert_not(site_table_sees(SITE_CALL));
}
