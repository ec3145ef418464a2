/* SPDX-License-Identifier: Apache-2.0 */

/* Tests the parsing of moments, places, sizes and names of calls. */

#include <criterion/criterion.h>
#include <string.h>
#include "cli/text/output.h"
#include "cli/options/syntax.h"
#include "vma/vm_call.h"

struct moment_case {
	const char *text;
	bool good;
	struct moment moment;
};

static const struct moment_case moments[] = {
	{ "42", true, { MOMENT_EVENT, 42, NULL } },
	{ "#42", true, { MOMENT_EVENT, 42, NULL } },
	{ "0", true, { MOMENT_EVENT, 0, NULL } },
	{ "-10", true, { MOMENT_BEFORE_END, 10, NULL } },
	{ "start", true, { MOMENT_START, 0, NULL } },
	{ "end", true, { MOMENT_END, 0, NULL } },
	{ "@1.25s", true, { MOMENT_TIME, 1250000000, NULL } },
	{ "@250ms", true, { MOMENT_TIME, 250000000, NULL } },
	{ "@0.5us", true, { MOMENT_TIME, 500, NULL } },
	{ "@7ns", true, { MOMENT_TIME, 7, NULL } },
	{ "@1.23456789012s", true, { MOMENT_TIME, 1234567890, NULL } },
	{ "main", true, { MOMENT_MAIN, 0, NULL } },
	{ "crash", true, { MOMENT_CRASH, 0, NULL } },
	{ "mark:", false, { 0 } },
	{ "", false, { 0 } },
	{ "#", false, { 0 } },
	{ "-", false, { 0 } },
	{ "@", false, { 0 } },
	{ "@1", false, { 0 } },
	{ "@1.s", false, { 0 } },
	{ "@.5s", false, { 0 } },
	{ "@1h", false, { 0 } },
	{ "12x", false, { 0 } },
	{ "--5", false, { 0 } },
	{ "0x10", false, { 0 } },
	{ "ending", false, { 0 } },
	{ "99999999999999999999", false, { 0 } },
	{ "@99999999999s", false, { 0 } },
};

Test(syntax, moments_are_events_times_and_words)
{
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		const struct moment_case *c = &moments[i];
		struct moment moment = { 0 };
		bool good = syntax_parse_moment(c->text, &moment) == NULL;

		cr_expect_eq(good, c->good, "'%s'", c->text);
		if (!good || !c->good)
			continue;
		cr_expect_eq(moment.kind, c->moment.kind, "'%s'", c->text);
		cr_expect_eq(moment.value, c->moment.value, "'%s'", c->text);
	}
}

Test(syntax, a_mark_has_a_name)
{
	struct moment moment;

	cr_assert_null(syntax_parse_moment("mark:after init", &moment));
	cr_assert_eq(moment.kind, MOMENT_MARK);
	cr_assert_str_eq(moment.name, "after init");
}

struct place_case {
	const char *text;
	enum place_kind kind; /* PLACE_EVERYWHERE: refused */
	uint64_t value;
	const char *rest;
};

static const struct place_case places[] = {
	{ "0x1234", PLACE_ADDRESS, 0x1234, "0x1234" },
	{ "7fff12345678", PLACE_ADDRESS, 0x7fff12345678, "7fff12345678" },
	{ "0x1000-0x3000", PLACE_RANGE, 0x1000, "0x1000-0x3000" },
	{ "0x1000+8K", PLACE_RANGE, 0x1000, "0x1000+8K" },
	{ "lib:libssl", PLACE_LIBRARY, 0, "libssl" },
	{ "path:*.db", PLACE_PATH, 0, "*.db" },
	{ "sym:my_buf", PLACE_SYMBOL, 0, "my_buf" },
	{ "[heap]", PLACE_NAMED, 0, "[heap]" },
	{ "stack:4243", PLACE_THREAD_STACK, 4243, "4243" },
	{ "area:31", PLACE_AREA, 31, "31" },
	{ "area:#31", PLACE_AREA, 31, "#31" },
	{ "fault", PLACE_FAULT, 0, "" },
	{ "pc", PLACE_PC, 0, "" },
	{ "", PLACE_EVERYWHERE, 0, NULL },
	{ "[]", PLACE_EVERYWHERE, 0, NULL },
	{ "lib:", PLACE_EVERYWHERE, 0, NULL },
	{ "area:", PLACE_EVERYWHERE, 0, NULL },
	{ "area:0", PLACE_EVERYWHERE, 0, NULL },
	{ "area:x", PLACE_EVERYWHERE, 0, NULL },
	{ "faulty", PLACE_EVERYWHERE, 0, NULL },
	{ "libssl", PLACE_EVERYWHERE, 0, NULL },
	{ "0x1000-0x1000", PLACE_EVERYWHERE, 0, NULL },
	{ "0x12345678901234567", PLACE_EVERYWHERE, 0, NULL },
};

Test(syntax, places_are_addresses_ranges_and_words)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place_case *c = &places[i];
		struct place place;
		bool good = syntax_parse_place(c->text, &place) == NULL;

		cr_expect_eq(good, c->kind != PLACE_EVERYWHERE, "'%s'", c->text);
		if (!good || c->kind == PLACE_EVERYWHERE)
			continue;
		cr_expect_eq(place.kind, c->kind, "'%s'", c->text);
		cr_expect_eq(place.value, c->value, "'%s'", c->text);
		cr_expect_str_eq(place.text, c->rest, "'%s'", c->text);
	}
}

struct size_range_case {
	const char *text;
	uint64_t min;
	uint64_t max; /* 0: refused */
};

static const struct size_range_case size_ranges[] = {
	{ ">=1M", 1 << 20, UINT64_MAX },
	{ ">1M", (1 << 20) + 1, UINT64_MAX },
	{ "<=8K", 0, 8192 },
	{ "<8K", 0, 8191 },
	{ "4K", 4096, 4096 },
	{ "=4096", 4096, 4096 },
	{ "4K-1M", 4096, 1 << 20 },
	{ "<0", 0, 0 },
	{ "", 0, 0 },
	{ ">", 0, 0 },
	{ "big", 0, 0 },
	{ "1M-4K", 0, 0 },
};

Test(syntax, sizes_are_compared)
{
	for (size_t i = 0; i < sizeof(size_ranges) / sizeof(size_ranges[0]); i++) {
		const struct size_range_case *c = &size_ranges[i];
		struct size_range sizes;
		bool good = syntax_parse_size_range(c->text, &sizes) == NULL;

		cr_expect_eq(good, c->max != 0, "'%s'", c->text);
		if (!good || c->max == 0)
			continue;
		cr_expect_eq(sizes.min, c->min, "'%s'", c->text);
		cr_expect_eq(sizes.max, c->max, "'%s'", c->text);
	}
}

Test(syntax, permissions_are_letters)
{
	uint64_t perm;

	cr_expect_null(syntax_parse_perm("wx", &perm));
	cr_expect_eq(perm, 6);
	cr_expect_not_null(syntax_parse_perm("", &perm));
	cr_expect_not_null(syntax_parse_perm("rwz", &perm));
}

struct range_case {
	const char *text;
	uint64_t start;
	uint64_t end; /* 0: refused */
};

static const struct range_case ranges[] = {
	{ "0x1234", 0x1000, 0x2000 },
	{ "1234", 0x1000, 0x2000 },
	{ "0X1000", 0x1000, 0x2000 },
	{ "0x1000-0x3000", 0x1000, 0x3000 },
	{ "1fff-2001", 0x1000, 0x3000 },
	{ "0x1000+8K", 0x1000, 0x3000 },
	{ "0x1000+1", 0x1000, 0x2000 },
	{ "0x1800+0x1000", 0x1000, 0x3000 },
	{ "0x1000+1m", 0x1000, 0x101000 },
	{ "0", 0, 0x1000 },
	{ "ffffffffff600000-ffffffffff601000", 0xffffffffff600000, 0xffffffffff601000 },
	{ "fffffffffffff000", 0xfffffffffffff000, 0 },
	{ "0x1000-0xffffffffffffffff", 0x1000, 0xfffffffffffff000 },
	{ "", 0, 0 },
	{ "0x", 0, 0 },
	{ "xyz", 0, 0 },
	{ "0x2000-0x1000", 0, 0 },
	{ "0x1000-0x1000", 0, 0 },
	{ "0x1000+0", 0, 0 },
	{ "0x1000+", 0, 0 },
	{ "0x1000-", 0, 0 },
	{ "0x1000+8Q", 0, 0 },
	{ "0x1000 ", 0, 0 },
	{ "0xffffffffffffffff+2", 0, 0 },
	{ "0x11111111111111111", 0, 0 },
};

Test(syntax, ranges_grow_to_whole_pages)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range_case *c = &ranges[i];
		struct place place;
		bool good = syntax_parse_place(c->text, &place) == NULL;

		cr_expect_eq(good, c->end != 0, "'%s'", c->text);
		if (!good || c->end == 0)
			continue;
		cr_expect_eq(place.range.start, c->start, "'%s'", c->text);
		cr_expect_eq(place.range.end, c->end, "'%s'", c->text);
	}
}

static const struct size_case {
	const char *text;
	uint64_t size; /* UINT64_MAX: refused */
} sizes[] = {
	{ "0", 0 },	      { "4096", 4096 },	      { "4K", 4096 },
	{ "4k", 4096 },	      { "64M", 64 << 20 },    { "1G", 1 << 30 },
	{ "2T", 2ull << 40 }, { "0x1000", 4096 },     { "", UINT64_MAX },
	{ "K", UINT64_MAX },  { "4KB", UINT64_MAX },  { "4 K", UINT64_MAX },
	{ "-4", UINT64_MAX }, { "4.5M", UINT64_MAX }, { "99999999999G", UINT64_MAX },
};

Test(syntax, sizes_are_powers_of_1024)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const char *text = sizes[i].text;
		uint64_t size = 0;
		bool good = syntax_parse_size(text, text + strlen(text), &size);

		cr_expect_eq(good, sizes[i].size != UINT64_MAX, "'%s'", text);
		if (good)
			cr_expect_eq(size, sizes[i].size, "'%s'", text);
	}
}

Test(syntax, calls_are_added_and_taken_away)
{
	uint32_t calls = 0;

	cr_expect_null(syntax_parse_calls("mmap,munmap", &calls));
	cr_expect_eq(calls, 1u << VM_OP_MMAP | 1u << VM_OP_MUNMAP);
	cr_expect_null(syntax_parse_calls("brk", &calls));
	cr_expect_eq(calls, 1u << VM_OP_MMAP | 1u << VM_OP_MUNMAP | 1u << VM_OP_BRK);
	cr_expect_null(syntax_parse_calls("!mmap,brk", &calls));
	cr_expect_eq(calls, 1u << VM_OP_MUNMAP);
	calls = 0;
	cr_expect_null(syntax_parse_calls("!madvise", &calls));
	cr_expect_eq(calls, CALLS_ALL & ~(1u << VM_OP_MADVISE));
	calls = 0;
	cr_expect_null(syntax_parse_calls("%mem,resync", &calls));
	cr_expect(calls & 1u << VM_OP_BRK && calls & CALLS_RESYNC);
	cr_expect_not(calls & 1u << VM_OP_EXIT);
}

Test(syntax, unknown_calls_are_refused)
{
	static const char *const bad[] = { "", "mnap", "mmap,", ",mmap", "!", "%", "MMAP", "none" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t calls = 0;

		cr_expect_not_null(syntax_parse_calls(bad[i], &calls), "'%s'", bad[i]);
	}
}

static const struct shown_size {
	uint64_t size;
	const char *shown;
} shown[] = {
	{ 0, "0" },
	{ 1, "1" },
	{ 1023, "1023" },
	{ 1024, "1K" },
	{ 4096, "4K" },
	{ 135168, "132K" },
	{ 1 << 20, "1M" },
	{ (1 << 20) + 4096, "1.0M" },
	{ 1363148, "1.3M" },
	{ 46948767255757, "42.7T" },
	{ (1 << 20) - 1, "1.0M" },
	{ UINT64_MAX, "16.0E" },
};

Test(output, sizes_are_short)
{
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		struct text text;
		TEXT_ON_STACK(text, 32);

		text_size(&text, shown[i].size, false);
		cr_expect_str_eq(text.buffer, shown[i].shown);
		text_init(&text, text_buffer, sizeof(text_buffer));
	}
}

Test(output, control_bytes_of_names_are_shown)
{
	struct text text;
	TEXT_ON_STACK(text, 64);

	text_name(&text, "a\033[1mb\nc\177", 9);
	cr_expect_str_eq(text.buffer, "a\\033[1mb\\012c\\177");
}
