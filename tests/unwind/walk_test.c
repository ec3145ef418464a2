/* SPDX-License-Identifier: Apache-2.0 */

/* Tests the walk up a stack, over stacks and rules that are made up. */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include "../test_random.h"
#include "unwind/unwind.h"

#define WORDS 512
#define PAGE  4096
#define CODE  0x400000

/* A stack between two pages that can't be read, and a rule for each address of code. */
static struct fake {
	uint64_t *stack;
	uint64_t rules[256];
	struct unwind_cache cache;
	struct unwind_host host;
	unsigned n_lookups;
} fake;

static uint64_t rule_at(void *context, uint64_t at)
{
	(void)context;
	fake.n_lookups++;
	return at - CODE < 256 ? fake.rules[at - CODE] : unwind_rule(UNWIND_NO_CODE, 0, 0, 0, 0);
}

static uint64_t stack_at(unsigned word)
{
	return (uintptr_t)&fake.stack[word];
}

static struct addr_range stack_of(void *context, uint64_t sp)
{
	(void)context;
	if (sp < stack_at(0) || sp >= stack_at(WORDS))
		return (struct addr_range){ 0, 0 };
	return (struct addr_range){ stack_at(0), stack_at(WORDS) };
}

static bool is_code(void *context, uint64_t at)
{
	(void)context;
	return at - CODE < 256;
}

static void begin(void)
{
	char *pages = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(pages, MAP_FAILED);
	cr_assert_eq(mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	memset(&fake, 0, sizeof(fake));
	fake.stack = (uint64_t *)(pages + PAGE);
	fake.host = (struct unwind_host){
		.rule = rule_at, .stack = stack_of, .is_code = is_code, .cache = &fake.cache
	};
}

TestSuite(walk, .init = begin);

static uint64_t frames[UNWIND_FRAMES_MAX];

static struct unwind_trace walk(unsigned word, uint64_t bp, unsigned max)
{
	const struct unwind_regs regs = { .pc = CODE + 1, .sp = stack_at(word), .bp = bp };
	struct unwind_trace trace = { .frames = frames, .max = (uint8_t)max };

	unwind_walk(&trace, &regs, false, &fake.host);
	return trace;
}

static uint64_t plain(int64_t offset)
{
	return unwind_rule(UNWIND_SP, 0, offset, UNWIND_SAME, UNWIND_SAME);
}

Test(walk, goes_from_frame_to_frame_to_the_outermost)
{
	struct unwind_trace trace;

	fake.rules[0] = plain(16); /* pc 1: two words */
	fake.stack[1] = CODE + 3;
	fake.rules[2] = unwind_rule(UNWIND_SP, 0, 24, -2, UNWIND_SAME); /* bp saved below pc */
	fake.stack[3] = stack_at(8);
	fake.stack[4] = CODE + 5;
	fake.rules[4] = unwind_rule(UNWIND_BP, 0, 16, -2, UNWIND_SAME);
	fake.stack[9] = CODE + 7;
	fake.rules[6] = unwind_rule(UNWIND_OUTERMOST, 0, 0, 0, 0);
	trace = walk(0, 0, 16);
	cr_expect_eq(trace.end, UNWIND_END_OUTERMOST);
	cr_assert_eq(trace.n, 4);
	for (unsigned i = 0; i < 4; i++)
		cr_expect_eq(frames[i], CODE + 1 + 2 * i);
	cr_expect_eq(trace.exact, 0);
	cr_expect_eq(trace.guessed, 0);
}

Test(walk, ends_at_its_depth)
{
	fake.rules[0] = plain(8);
	for (unsigned i = 0; i < WORDS; i++)
		fake.stack[i] = CODE + 1;
	for (unsigned max = 1; max <= UNWIND_FRAMES_MAX; max++) {
		struct unwind_trace trace = walk(0, 0, max);

		cr_expect_eq(trace.n, max);
		cr_expect_eq(trace.end, UNWIND_END_DEPTH);
	}
}

Test(walk, ends_where_the_stack_does)
{
	fake.rules[0] = plain(8);
	for (unsigned i = 0; i < WORDS; i++)
		fake.stack[i] = CODE + 1;
	for (unsigned left = 0; left < 4; left++) {
		struct unwind_trace trace = walk(WORDS - left, 0, 16);

		cr_expect_eq(trace.n, left + 1);
		cr_expect_eq(trace.end, UNWIND_END_MEMORY);
	}
}

Test(walk, a_saved_register_outside_of_the_stack_ends_it)
{
	fake.stack[1] = CODE + 3;
	for (int slot = -8; slot < 8; slot++) {
		struct unwind_trace trace;
		bool inside = slot >= -2; /* sp is two words below the CFA */

		fake.rules[0] = unwind_rule(UNWIND_SP, 0, 16, slot, UNWIND_SAME);
		trace = walk(0, 0, 2);
		cr_expect_eq(trace.n, inside ? 2 : 1, "slot %d", slot);
	}
}

Test(walk, an_interrupted_function_may_have_popped_registers_already)
{
	const struct unwind_regs regs = { .pc = CODE, .sp = stack_at(20) };
	struct unwind_trace trace = { .frames = frames, .max = 16 };

	fake.rules[0] = unwind_rule(UNWIND_SP, 0, 8, -2, UNWIND_SAME); /* bp is below sp */
	fake.stack[20] = CODE + 3;
	fake.stack[19] = stack_at(30);
	fake.rules[2] = unwind_rule(UNWIND_BP, 0, 16, -2, UNWIND_SAME);
	fake.stack[31] = CODE + 5;
	fake.rules[4] = unwind_rule(UNWIND_OUTERMOST, 0, 0, 0, 0);
	unwind_walk(&trace, &regs, true, &fake.host);
	cr_expect_eq(trace.n, 3);
	cr_expect_eq(trace.end, UNWIND_END_OUTERMOST);
	unwind_walk(&trace, &regs, false, &fake.host);
	cr_expect_eq(trace.n, 1, "pc is another one, without a rule");
	fake.rules[0] = unwind_rule(UNWIND_SP, 0, 8, -18, UNWIND_SAME); /* not that far */
	unwind_walk(&trace, &regs, true, &fake.host);
	cr_expect_eq(trace.end, UNWIND_END_MEMORY);
}

Test(walk, a_zero_return_address_is_the_outermost)
{
	struct unwind_trace trace;

	fake.rules[0] = plain(8);
	trace = walk(0, 0, 16);
	cr_expect_eq(trace.n, 1);
	cr_expect_eq(trace.end, UNWIND_END_OUTERMOST);
}

Test(walk, what_is_no_code_ends_it)
{
	struct unwind_trace trace;

	fake.rules[0] = plain(8);
	fake.stack[0] = 0x1234;
	trace = walk(0, 0, 16);
	cr_expect_eq(trace.n, 2);
	cr_expect_eq(trace.end, UNWIND_END_MEMORY);
}

Test(walk, says_when_a_rule_could_not_be_had)
{
	struct unwind_trace trace = walk(0, 0, 16);

	cr_expect_eq(trace.n, 1);
	cr_expect_eq(trace.end, UNWIND_END_BUSY);
}

Test(walk, code_without_tables_is_tried_by_its_frame_pointer)
{
	struct unwind_trace trace;

	fake.rules[0] = unwind_rule(UNWIND_GUESS, 0, 0, 0, 0);
	fake.stack[6] = stack_at(100); /* bp of the caller */
	fake.stack[7] = CODE + 3;
	fake.rules[2] = unwind_rule(UNWIND_OUTERMOST, 0, 0, 0, 0);
	trace = walk(0, stack_at(6), 16);
	cr_expect_eq(trace.n, 2);
	cr_expect_eq(trace.guessed, 2);
	cr_expect_eq(trace.end, UNWIND_END_OUTERMOST);
}

Test(walk, code_without_tables_at_the_first_stack_pointer_is_the_outermost)
{
	uint64_t first = stack_at(0);
	struct unwind_trace trace;

	fake.host.first_sp = &first;
	fake.rules[0] = unwind_rule(UNWIND_GUESS, 0, 0, 0, 0);
	trace = walk(0, stack_at(6), 16);
	cr_expect_eq(trace.n, 1);
	cr_expect_eq(trace.end, UNWIND_END_OUTERMOST);
}

Test(walk, a_frame_pointer_that_is_none_is_not_followed)
{
	uint64_t senseless[] = { 0,
				 8,
				 stack_at(6) + 1,
				 stack_at(WORDS - 1),
				 stack_at(WORDS),
				 UINT64_MAX,
				 UINT64_MAX - 7,
				 stack_at(0) - 8 };

	fake.rules[0] = unwind_rule(UNWIND_GUESS, 0, 0, 0, 0);
	for (unsigned i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++) {
		struct unwind_trace trace = walk(0, senseless[i], 16);

		cr_expect_eq(trace.n, 1, "row %u", i);
		cr_expect_eq(trace.end, UNWIND_END_NO_RULE, "row %u", i);
	}
}

#if defined(__x86_64__)
Test(walk, leaves_a_handler_through_its_context)
{
	struct unwind_trace trace;

	fake.rules[0] = plain(8); /* the handler */
	fake.stack[0] = CODE + 11;
	fake.rules[10] = unwind_rule(UNWIND_SIGNAL, 0, 0, 0, 0);
	fake.stack[1 + 120 / 8] = stack_at(200); /* bp */
	fake.stack[1 + 160 / 8] = stack_at(100); /* sp */
	fake.stack[1 + 168 / 8] = CODE + 20;	 /* pc: the instruction itself */
	fake.rules[20] = unwind_rule(UNWIND_BP, 0, 16, -2, UNWIND_SAME);
	fake.stack[201] = CODE + 31;
	fake.rules[30] = unwind_rule(UNWIND_OUTERMOST, 0, 0, 0, 0);
	trace = walk(0, 0, 16);
	cr_expect_eq(trace.n, 4);
	cr_expect_eq(trace.exact, 4);
	cr_expect_eq(frames[2], CODE + 20);
	cr_expect_eq(frames[3], CODE + 31);
	cr_expect_eq(trace.end, UNWIND_END_OUTERMOST);
}
#endif

/* ------------------------------------------------------------------- random */

static uint64_t random_word(uint64_t *random)
{
	switch (draw(random) % 4) {
	case 0:
		return stack_at((unsigned)(draw(random) % (WORDS + 8)));
	case 1:
		return draw(random);
	default:
		return CODE + draw(random) % 256;
	}
}

static uint64_t random_rule(uint64_t *random)
{
	enum unwind_kind kind = (enum unwind_kind)(draw(random) % (UNWIND_NO_CODE + 2));
	unsigned bits = draw(random) % 8 == 0 ? draw(random) & 0x30 : 0;
	int64_t offset = (int64_t)(draw(random) % 40) * 8 - 32;

	if (draw(random) % 2 == 0) /* most walks get somewhere */
		return plain(8 + (int64_t)(draw(random) % 4) * 8);
	return unwind_rule(kind, bits, offset, (int)(draw(random) % 24) - 20,
			   draw(random) % 4 == 0 ? (int)(draw(random) % 24) - 20 : UNWIND_SAME);
}

/* Whatever rules and stack say: what lies beside the stack is never read. */
Test(walk, never_reads_beside_the_stack, .timeout = 60)
{
	uint64_t seed = seed_of_test(), random = seed;
	unsigned n_frames = 0;

	cr_log_info("ML_TEST_SEED=%" PRIu64, seed);
	for (unsigned round = 0; round < 20000; round++) {
		struct unwind_trace trace;

		for (unsigned i = 0; i < 256; i++)
			fake.rules[i] = random_rule(&random);
		for (unsigned i = 0; i < WORDS; i++)
			fake.stack[i] = random_word(&random);
		trace = walk((unsigned)(draw(&random) % (WORDS + 2)), random_word(&random), 64);
		cr_assert(trace.end >= UNWIND_END_OUTERMOST && trace.end <= UNWIND_END_BUSY,
			  "ML_TEST_SEED=%" PRIu64, seed);
		n_frames += trace.n;
	}
	cr_expect_gt(n_frames, 30000, "%u frames: no walk came far", n_frames);
}

Test(walk, follows_frame_pointers_only_upwards)
{
	const struct unwind_regs regs = { .pc = CODE, .sp = stack_at(0), .bp = stack_at(2) };
	struct unwind_trace trace = { .frames = frames, .max = 64 };

	fake.stack[2] = stack_at(10);
	fake.stack[3] = CODE + 1;
	fake.stack[10] = stack_at(4); /* back down */
	fake.stack[11] = CODE + 2;
	unwind_walk_frame_pointers(&trace, &regs, &fake.host);
	cr_expect_eq(trace.n, 3);
	cr_expect_eq(trace.end, UNWIND_END_MEMORY);
	fake.stack[10] = 0;
	unwind_walk_frame_pointers(&trace, &regs, &fake.host);
	cr_expect_eq(trace.n, 3);
	cr_expect_eq(trace.end, UNWIND_END_OUTERMOST);
}

/* ------------------------------------------------------------------- cache */

Test(walk, what_is_in_the_cache_is_not_asked_for)
{
	fake.rules[0] = plain(8);
	fake.stack[0] = CODE + 3;
	unwind_cache_add(&fake.cache, CODE, fake.rules[0]);
	unwind_cache_add(&fake.cache, CODE + 2, unwind_rule(UNWIND_OUTERMOST, 0, 0, 0, 0));
	cr_expect_eq(walk(0, 0, 16).n, 2);
	cr_expect_eq(fake.n_lookups, 0);
	unwind_cache_forget(&fake.cache);
	walk(0, 0, 16);
	cr_expect_eq(fake.n_lookups, 2);
}

/* Against a plain array: what is found is what was added last, and not forgotten. */
Test(walk, cache_finds_what_was_added_or_nothing)
{
	static uint64_t expected[20000];
	uint64_t seed = seed_of_test(), random = seed;
	unsigned n_found = 0, n_asked = 0;

	for (unsigned step = 0; step < 400000; step++) {
		uint64_t n = draw(&random) % 3000 * (draw(&random) % 6 + 1);
		uint64_t at = 0x7f0000000000 + n * 13;
		uint64_t found = unwind_cache_find(&fake.cache, at);

		cr_assert(found == 0 || found == expected[n], "ML_TEST_SEED=%" PRIu64, seed);
		n_found += found != 0;
		n_asked += expected[n] != 0;
		if (found == 0) {
			expected[n] = draw(&random) | 1;
			unwind_cache_add(&fake.cache, at, expected[n]);
		}
		if (draw(&random) % 100000 == 0) {
			unwind_cache_forget(&fake.cache);
			memset(expected, 0, sizeof(expected));
		}
	}
	cr_expect_gt(n_found, n_asked / 4, "%u of %u", n_found, n_asked);
}
