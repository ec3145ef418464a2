/* SPDX-License-Identifier: Apache-2.0 */

/* Tests the reading of unwind tables: of this process, and damaged ones. */

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "../test_random.h"
#include "own_tables.h"
#include "shapes.h"
#include "unwind/cfi.h"
#include "unwind/cfi_cursor.h"
#include "unwind/cfi_entry.h"
#include "unwind/cfi_expression.h"
#include "unwind/cfi_program.h"
#include "unwind/cfi_registers.h"
#include "unwind/elf_image.h"

#if defined(__x86_64__)

#define PAGE 4096

static struct own_tables tables;

static void begin(void)
{
	void *frames[1];

	backtrace(frames, 1); /* loads what it needs */
	own_tables_init(&tables);
}

TestSuite(tables, .init = begin, .timeout = 120);

/* ------------------------------------------------ the same stack as backtrace() */

static uint64_t seed;
static unsigned n_compared;

/* The frames from here outwards are the same; those of the two walks themselves are not. */
static __attribute__((noinline)) void compare(void)
{
	const struct unwind_regs here = UNWIND_CALLER;
	uint64_t ours[UNWIND_FRAMES_MAX];
	void *theirs[UNWIND_FRAMES_MAX + 2];
	struct unwind_trace trace = { .frames = ours, .max = UNWIND_FRAMES_MAX };
	unsigned n = (unsigned)backtrace(theirs, UNWIND_FRAMES_MAX + 2), skip = 0;

	unwind_walk(&trace, &here, false, &tables.host);
	while (skip < n && (uintptr_t)theirs[skip] != here.pc)
		skip++;
	cr_assert_lt(skip, n);
	for (unsigned i = 0; i < trace.n && i + skip < n; i++)
		cr_assert_eq(ours[i], (uintptr_t)theirs[i + skip],
			     "ML_TEST_SEED=%" PRIu64 ": frame %u of %u", seed, i, trace.n);
	cr_assert(trace.end == UNWIND_END_OUTERMOST || trace.end == UNWIND_END_DEPTH, "end %u",
		  trace.end);
	/* libgcc stops where it has no more to say, and shows _start or not. */
	cr_assert_geq(trace.n + 1, n - skip < UNWIND_FRAMES_MAX ? n - skip : UNWIND_FRAMES_MAX);
	n_compared++;
}

Test(tables, give_the_stack_that_backtrace_gives)
{
	uint64_t random = seed = seed_of_test();

	shapes_start(0);
	for (unsigned i = 0; i < 3000; i++)
		shapes_run((unsigned)(draw(&random) % 24), &random, compare);
	cr_expect_eq(n_compared, 3000);
}

/* ------------------------------------------------------------------ one rule */

Test(tables, know_nothing_of_code_that_is_not_theirs)
{
	struct addr_range readable;
	uint64_t hdr, rule;

	cr_assert(own_tables_find((uintptr_t)begin, &readable, &hdr));
	rule = cfi_find_rule(&tables.machine, readable, hdr, 0x1000);
	cr_expect_eq(unwind_rule_kind(rule), UNWIND_GUESS);
	rule = cfi_find_rule(&tables.machine, readable, hdr, UINT64_MAX);
	cr_expect_eq(unwind_rule_kind(rule), UNWIND_GUESS);
}

/* DW_OP_breg7 8, breg16 0, lit15, and, lit11, ge, lit3, shl, plus */
static const uint8_t plt[] = { 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 };

Test(tables, a_plt_entry_pushes_in_its_eleventh_byte)
{
	struct cfi_value value;

	for (uint64_t pc = 0x1230; pc < 0x1240; pc++) {
		cr_assert(cfi_evaluate(plt, sizeof(plt), pc, false, &value));
		cr_expect_eq(value.base, CFI_REGISTER);
		cr_expect_eq(value.reg, CFI_SP);
		cr_expect_eq(value.offset, pc % 16 >= 11 ? 16 : 8);
	}
}

Test(tables, expressions_that_are_cut_short_or_pop_too_much_are_refused)
{
	static const uint8_t dereferenced[] = { 0x76, 0x78, 0x06 }; /* *(rbp - 8) */
	static const uint8_t senseless[] = { 0x22 }, twice[] = { 0x76, 0, 0x06, 0x06 };
	struct cfi_value value;

	cr_expect(cfi_evaluate(dereferenced, 3, 0, false, &value));
	cr_expect_eq(value.base, CFI_WORD_AT);
	cr_expect_eq(value.reg, CFI_BP);
	cr_expect_eq(value.inner, -8);
	cr_expect_not(cfi_evaluate(dereferenced, 1, 0, false, &value));
	cr_expect_not(cfi_evaluate(dereferenced, 0, 0, false, &value));
	cr_expect_not(cfi_evaluate(senseless, 1, 0, false, &value));
	cr_expect_not(cfi_evaluate(twice, 4, 0, false, &value));
	for (size_t len = 0; len < sizeof(plt); len++)
		if (len != 2 && len != 4)
			cfi_evaluate(plt, len, 0x1230, false, &value);
}

struct expression_case {
	char name[40];
	uint8_t bytes[16];
	uint8_t len;
	int64_t value; /* a number, when the expression is understood */
	bool refused;
};

#define NUMBER(name, value, ...)                                                                   \
	{                                                                                          \
		name, { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }), value, false            \
	}
#define REFUSED(name, ...)                                                                         \
	{                                                                                          \
		name, { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }), 0, true                 \
	}

/* The bytes are DWARF 5, section 7.7.1. */
static const struct expression_case expression_cases[] = {
	NUMBER("lit31", 31, 0x4f),
	NUMBER("const1u", 0xff, 0x08, 0xff),
	NUMBER("const1s", -1, 0x09, 0xff),
	NUMBER("const2u", 0xfffe, 0x0a, 0xfe, 0xff),
	NUMBER("const2s", -2, 0x0b, 0xfe, 0xff),
	NUMBER("const4u", 0xfffffffdLL, 0x0c, 0xfd, 0xff, 0xff, 0xff),
	NUMBER("const4s", -3, 0x0d, 0xfd, 0xff, 0xff, 0xff),
	NUMBER("const8u", 0x0807060504030201LL, 0x0e, 1, 2, 3, 4, 5, 6, 7, 8),
	NUMBER("const8s", -4, 0x0f, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
	NUMBER("constu", 300, 0x10, 0xac, 0x02),
	NUMBER("consts", -128, 0x11, 0x80, 0x7f),
	NUMBER("and", 4, 0x36, 0x3c, 0x1a),
	NUMBER("minus", -3, 0x32, 0x35, 0x1c),
	NUMBER("mul", 30, 0x35, 0x36, 0x1e),
	NUMBER("plus", 11, 0x35, 0x36, 0x22),
	NUMBER("plus_uconst", 5 + 300, 0x35, 0x23, 0xac, 0x02),
	NUMBER("shl", 40, 0x35, 0x33, 0x24),
	NUMBER("shl by 64", 0, 0x35, 0x08, 64, 0x24),
	NUMBER("shr", 2, 0x35, 0x31, 0x25),
	NUMBER("shr fills with 0", 1, 0x09, 0xff, 0x08, 63, 0x25),
	NUMBER("shr by 64", 0, 0x35, 0x08, 64, 0x25),
	NUMBER("ge, equal", 1, 0x35, 0x35, 0x2a),
	NUMBER("ge, less", 0, 0x34, 0x35, 0x2a),
	NUMBER("gt, equal", 0, 0x35, 0x35, 0x2b),
	NUMBER("gt, greater", 1, 0x36, 0x35, 0x2b),
	NUMBER("le, equal", 1, 0x35, 0x35, 0x2c),
	NUMBER("le, greater", 0, 0x36, 0x35, 0x2c),
	NUMBER("lt, equal", 0, 0x35, 0x35, 0x2d),
	NUMBER("lt, less: signed", 1, 0x09, 0xff, 0x30, 0x2d),
	NUMBER("the address of the code", 0x1230 + 5, 0x80, 5),
	NUMBER("eight on the stack", 7, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x37),

	REFUSED("nine on the stack", 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30),
	REFUSED("an operation that is not known", 0x31, 0x31, 0x2e),
	REFUSED("const4u, cut short", 0x0c, 0, 0, 0),
	REFUSED("constu without an end", 0x10, 0x80),
	REFUSED("a register from a number", 0x35, 0x77, 0, 0x1c),
	REFUSED("a register times two", 0x77, 0, 0x32, 0x1e),
	REFUSED("a register and a register", 0x77, 0, 0x76, 0, 0x22),
	REFUSED("memory at a number", 0x35, 0x06),
	REFUSED("minus of one", 0x35, 0x1c),
};

Test(tables, expressions_are_calculated_as_DWARF_says)
{
	for (size_t i = 0; i < sizeof(expression_cases) / sizeof(expression_cases[0]); i++) {
		const struct expression_case *row = &expression_cases[i];
		struct cfi_value value;
		bool understood = cfi_evaluate(row->bytes, row->len, 0x1230, false, &value);

		cr_expect_eq(understood, !row->refused, "%s", row->name);
		if (row->refused)
			continue;
		cr_expect_eq(value.base, CFI_NOTHING, "%s", row->name);
		cr_expect_eq(value.offset, row->value, "%s: %" PRId64, row->name, value.offset);
	}
}

Test(tables, expressions_begin_with_the_frame_address_or_a_register)
{
	static const uint8_t sp_minus[] = { 0x77, 24, 0x38, 0x1c }; /* rsp + 24 - 8 */
	static const uint8_t cfa_plus[] = { 0x23, 16 };
	static const uint8_t word_plus[] = { 0x76, 0x70, 0x06, 0x23, 8 }; /* *(rbp - 16) + 8 */
	struct cfi_value value;

	cr_assert(cfi_evaluate(sp_minus, sizeof(sp_minus), 0, false, &value));
	cr_expect(value.base == CFI_REGISTER && value.reg == CFI_SP && value.offset == 16);
	cr_assert(cfi_evaluate(cfa_plus, sizeof(cfa_plus), 0, true, &value));
	cr_expect(value.base == CFI_REGISTER && value.reg == CFI_CFA && value.offset == 16);
	cr_assert(cfi_evaluate(word_plus, sizeof(word_plus), 0, false, &value));
	cr_expect(value.base == CFI_WORD_AT && value.reg == CFI_BP && value.inner == -16 &&
		  value.offset == 8);
}

/* ------------------------------------------------------------------ damaged */

#define COPY_MAX (64u << 10)

/*
 * A copy of this program's tables, with pages that can't be read right before or
 * right behind. All numbers in them count from where they stand, so addresses of
 * code are asked for as far from the copy as the code is from the original.
 */
struct copy {
	struct addr_range readable;
	const uint8_t *original;
	uint8_t *bytes;
	uint64_t hdr;
	uint64_t code; /* of the copy */
};

static void make_copy(struct copy *copy, bool at_the_end)
{
	struct addr_range readable;
	uint64_t hdr, size, room;
	char *pages;

	cr_assert(own_tables_find((uintptr_t)begin, &readable, &hdr));
	size = readable.end - hdr < COPY_MAX ? readable.end - hdr : COPY_MAX;
	room = (size + PAGE - 1) / PAGE * PAGE;
	pages = mmap(NULL, room + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(pages, MAP_FAILED);
	mprotect(pages + PAGE, room, PROT_READ | PROT_WRITE);
	copy->original = (const uint8_t *)(uintptr_t)hdr;
	copy->bytes = (uint8_t *)pages + PAGE + (at_the_end ? room - size : 0);
	copy->hdr = (uintptr_t)copy->bytes;
	copy->readable = (struct addr_range){ copy->hdr, copy->hdr + size };
	copy->code = (uintptr_t)begin - hdr + copy->hdr;
	memcpy(copy->bytes, copy->original, size);
}

static uint64_t ask(const struct copy *copy, uint64_t at)
{
	return cfi_find_rule(&tables.machine, copy->readable, copy->hdr, at);
}

Test(tables, a_copy_says_what_the_original_says)
{
	struct addr_range readable;
	struct copy copy;
	uint64_t hdr;

	make_copy(&copy, true);
	cr_assert(own_tables_find((uintptr_t)begin, &readable, &hdr));
	for (uint64_t i = 0; i < 3000; i++)
		cr_assert_eq(ask(&copy, copy.code + i),
			     cfi_find_rule(&tables.machine, readable, hdr, (uintptr_t)begin + i));
}

static void damage(struct copy *copy, uint64_t size, uint64_t *random)
{
	unsigned n = 1 + (unsigned)(draw(random) % 16);

	for (unsigned i = 0; i < n; i++) {
		/* The head, or anywhere. */
		uint64_t at = draw(random) % (draw(random) % 4 == 0 ? 12 : size);

		copy->bytes[at] = (uint8_t)(draw(random) % 4 == 0 ? 0xff : draw(random));
	}
}

Test(tables, damaged_ones_are_never_read_beyond)
{
	uint64_t random = seed = seed_of_test();
	unsigned kinds[16] = { 0 };
	struct copy copies[2];

	make_copy(&copies[0], false);
	make_copy(&copies[1], true);
	for (unsigned round = 0; round < 4000; round++) {
		struct copy *copy = &copies[round % 2];
		uint64_t size = copy->readable.end - copy->readable.start;

		memcpy(copy->bytes, copy->original, size);
		damage(copy, size, &random);
		for (unsigned i = 0; i < 20; i++)
			kinds[unwind_rule_kind(
				      ask(copy, copy->code + draw(&random) % 20000 - 4000)) %
			      16]++;
	}
	cr_expect_gt(kinds[UNWIND_SP], 0);
	cr_expect_gt(kinds[UNWIND_COMPLEX], 0);
	cr_expect_gt(kinds[UNWIND_GUESS], 0);
}

Test(tables, an_fde_full_of_noise_is_survived)
{
	uint64_t random = seed = seed_of_test();
	struct cfi_entry entry;
	struct copy copy;

	make_copy(&copy, true);
	cr_assert_eq(cfi_find_entry(copy.readable, copy.hdr, copy.code, &entry), CFI_FOUND);
	for (unsigned round = 0; round < 200000; round++) {
		uint8_t noise[24];
		uint8_t *exact = malloc(sizeof(noise));

		for (unsigned i = 0; i < sizeof(noise); i++)
			exact[i] = (uint8_t)(draw(&random) % 3 == 0 ? draw(&random)
								    : draw(&random) % 0x30);
		entry.program = (struct cfi_cursor){ .at = exact, .end = exact + sizeof(noise) };
		cfi_run(&tables.machine, &entry, copy.code + draw(&random) % 64);
		free(exact);
	}
}

Test(tables, short_ones_are_never_read_beyond)
{
	struct copy copy;

	make_copy(&copy, true);
	for (uint64_t size = 0; size < 3000; size++) {
		copy.readable.start = copy.readable.end - size;
		memmove((void *)(uintptr_t)copy.readable.start, copy.original, size);
		copy.hdr = copy.readable.start;
		ask(&copy, copy.hdr + ((uintptr_t)begin - (uintptr_t)copy.original));
	}
}

/* -------------------------------------------------------------------- files */

Test(tables, are_found_from_the_first_page_of_a_file)
{
	struct addr_range readable;
	uint64_t hdr, found;
	Dl_info info;

	cr_assert_neq(dladdr((void *)(uintptr_t)begin, &info), 0);
	cr_assert(own_tables_find((uintptr_t)begin, &readable, &hdr));
	readable.start = (uintptr_t)info.dli_fbase;
	readable.end = readable.start + PAGE;
	cr_expect(elf_find_eh_frame_hdr(readable, (uintptr_t)begin, &found));
	cr_expect_eq(found, hdr);
	cr_expect_not(elf_find_eh_frame_hdr(readable, hdr, &found), "tables are no code");
	readable.end = readable.start + sizeof(Elf64_Ehdr) - 1;
	cr_expect_not(elf_find_eh_frame_hdr(readable, (uintptr_t)begin, &found), "cut short");
}

Test(tables, a_damaged_head_of_a_file_is_survived)
{
	uint64_t random = seed = seed_of_test();
	uint8_t *page = malloc(PAGE);
	uint64_t hdr;
	Dl_info info;

	cr_assert_neq(dladdr((void *)(uintptr_t)begin, &info), 0);
	for (unsigned round = 0; round < 20000; round++) {
		struct addr_range head = { (uintptr_t)page, (uintptr_t)page + PAGE };

		memcpy(page, info.dli_fbase, PAGE);
		for (unsigned i = 0; i < 6; i++)
			page[draw(&random) % (draw(&random) % 2 ? 64 : 800)] =
				(uint8_t)draw(&random);
		elf_find_eh_frame_hdr(head, (uintptr_t)page + 0x1500, &hdr);
	}
	free(page);
}

#endif
