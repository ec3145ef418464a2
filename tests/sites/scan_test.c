/* SPDX-License-Identifier: Apache-2.0 */

/* Tests the search for 0f 05, eight bytes at a time, against looking at each byte */

#include <criterion/criterion.h>
#include "../test_random.h"
#include "sites/site_scan.h"

static const unsigned char *look_at_each(const unsigned char *at, const unsigned char *end)
{
	for (; end - at >= 2; at++)
		if (at[0] == 0x0f && at[1] == 0x05)
			return at;
	return end;
}

/* Bytes that are often one of the two, or one off. */
static unsigned char draw_byte(uint64_t *state)
{
	static const unsigned char often[] = { 0x0f, 0x05, 0x0e, 0x04, 0x10, 0x06, 0x8f, 0x00 };
	uint64_t drawn = draw(state);

	return drawn & 8 ? often[drawn & 7] : (unsigned char)(drawn >> 8);
}

Test(site_scan, finds_what_looking_at_each_byte_finds)
{
	uint64_t seed = seed_of_test(), state = seed;

	for (unsigned turn = 0; turn < 20000; turn++) {
		unsigned char code[64];
		unsigned begin = (unsigned)(draw(&state) % 16);
		unsigned end = begin + (unsigned)(draw(&state) % (sizeof(code) - begin));

		for (unsigned i = 0; i < sizeof(code); i++)
			code[i] = draw_byte(&state);
		cr_assert_eq(site_scan(code + begin, code + end),
			     look_at_each(code + begin, code + end), "turn %u, ML_TEST_SEED=%lu",
			     turn, (unsigned long)seed);
	}
}

Test(site_scan, looks_at_no_byte_behind_the_end)
{
	static const unsigned char code[] = { 0x90, 0x0f, 0x05, 0x0f, 0x05 };

	cr_assert_eq(site_scan(code, code + 2), code + 2);
	cr_assert_eq(site_scan(code, code + 3), code + 1);
	cr_assert_eq(site_scan(code + 2, code + 4), code + 4);
	cr_assert_eq(site_scan(code, code), code);
}
