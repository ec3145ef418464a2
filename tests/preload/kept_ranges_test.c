/* SPDX-License-Identifier: Apache-2.0 */

/* Tests kept_ranges with random ranges, compared with one bit per page. */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>
#include "../test_random.h"
#include "stacks/kept_ranges.h"

#define PAGES 4096

static struct addr_range random_range(uint64_t *random, uint64_t longest)
{
	uint64_t start = draw(random) % PAGES;
	uint64_t end = start + 1 + draw(random) % longest;

	return (struct addr_range){ start, end < PAGES ? end : PAGES };
}

static bool meets(const bool *pages, struct addr_range range)
{
	for (uint64_t page = range.start; page < range.end; page++)
		if (pages[page])
			return true;
	return false;
}

static void check(const struct kept_ranges *kept)
{
	cr_assert_leq(kept->n, KEPT_RANGES_MAX);
	cr_assert_eq(kept->version % 2, 0);
	for (uint32_t i = 0; i < kept->n; i++) {
		cr_assert_lt(kept->range[i].start, kept->range[i].end);
		cr_assert(i == 0 || kept->range[i - 1].end <= kept->range[i].start);
	}
}

Test(kept_ranges, meet_what_was_added)
{
	uint64_t seed = seed_of_test(), random = seed;
	static bool pages[PAGES];
	static struct kept_ranges kept;
	unsigned n_full = 0;

	for (unsigned step = 0; step < 40000; step++) {
		struct addr_range range = random_range(&random, step % 2000 < 1500 ? 3 : 100);
		struct addr_range asked = random_range(&random, 5);

		if (kept_ranges_add(&kept, range)) {
			for (uint64_t page = range.start; page < range.end; page++)
				pages[page] = true;
		} else {
			cr_assert_eq(kept.n, KEPT_RANGES_MAX);
			n_full++;
			kept_ranges_clear(&kept);
			memset(pages, 0, sizeof(pages));
		}
		cr_assert_eq(kept_ranges_meet(&kept, asked), meets(pages, asked),
			     "ML_TEST_SEED=%" PRIu64 " step %u", seed, step);
		if (step % 64 == 0)
			check(&kept);
		if (draw(&random) % 3000 == 0) {
			kept_ranges_clear(&kept);
			memset(pages, 0, sizeof(pages));
		}
	}
	cr_expect_gt(n_full, 0);
}
