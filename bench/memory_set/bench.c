/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures what one operation on a memory set costs as the set grows, compared
 * with a plain sorted array and with GLib's balanced tree, in the same run, on
 * the same random places.
 *
 * Times are medians over rounds, in ns per operation (per area for iterate).
 * "x best" is how many times as long the better of the other two takes, so
 * below 1.00 the memory set loses. "growth" is the cost against the row above,
 * which has a tenth of the areas.
 *
 * The areas, and what the operations on number i do:
 *
 *     i * 64K         +32K        +64K
 *       [ area i        )            [ area i + 1
 *            [middle)     [map )
 *
 * The worst case of find_free is a gap that only the very last area has in
 * front of it. For the array and the tree that means to look at every area.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "subject.h"

enum {
	MAX_ROUNDS = 1001,
	MIN_ROUNDS = 3,
	MAX_BATCH = 4096,
	N_SIZES = 5,
	N_SUBJECTS = 3,
	ROUND_NS = 150000000, /* for all rounds of one number */
};

static const size_t sizes[N_SIZES] = { 100, 1000, 10000, 100000, 1000000 };

static const struct subject *const subjects[N_SUBJECTS] = {
	&memory_set_subject,
	&array_subject,
#ifdef HAVE_GLIB
	&gtree_subject,
#endif
};

/* One world to measure in. */
struct world {
	const struct subject *subject;
	void *self;
	size_t n;
	size_t n_batch;
	uint32_t *shuffled; /* all numbers of areas */
	uint32_t *places;   /* a part of them, another in each round */
	uint64_t sum;	    /* keeps results in use */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t random_u64(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t base(uint64_t i)
{
	return i * 0x10000;
}

static struct memory_area area_at(uint64_t start, uint64_t size)
{
	return (struct memory_area){ .range = { start, start + size },
				     .flags = 3,
				     .offset = MEMORY_AREA_NO_OFFSET };
}

static struct memory_area area_number(uint64_t i)
{
	return area_at(base(i), 0x8000);
}

static struct addr_range middle_of(uint64_t i)
{
	return (struct addr_range){ base(i) + 0x3000, base(i) + 0x5000 };
}

/* ------------------------------------------------------------------ rounds */

static void map_in_gaps(struct world *world)
{
	for (size_t i = 0; i < world->n_batch; i++) {
		struct memory_area area = area_at(base(world->places[i]) + 0xa000, 0x2000);

		world->subject->map(world->self, &area);
	}
}

static void unmap_from_gaps(struct world *world)
{
	for (size_t i = 0; i < world->n_batch; i++)
		world->subject->unmap(world->self,
				      area_at(base(world->places[i]) + 0xa000, 0x2000).range);
}

static void unmap_middles(struct world *world)
{
	for (size_t i = 0; i < world->n_batch; i++)
		world->subject->unmap(world->self, middle_of(world->places[i]));
}

static void protect_middles(struct world *world)
{
	for (size_t i = 0; i < world->n_batch; i++)
		world->subject->protect(world->self, middle_of(world->places[i]), 1);
}

static void protect_wholes(struct world *world)
{
	static uint64_t flags;

	flags++;
	for (size_t i = 0; i < world->n_batch; i++)
		world->subject->protect(world->self, area_number(world->places[i]).range, flags);
}

static void restore_areas(struct world *world)
{
	for (size_t i = 0; i < world->n_batch; i++) {
		struct memory_area area = area_number(world->places[i]);

		world->subject->unmap(world->self, area.range);
		world->subject->map(world->self, &area);
	}
}

static void find_areas(struct world *world)
{
	for (size_t i = 0; i < world->n_batch; i++)
		world->sum +=
			world->subject->find(world->self, base(world->places[i]) + 0x5000)->flags;
}

static void find_free_at_the_end(struct world *world)
{
	for (size_t i = 0; i < world->n_batch; i++)
		world->sum += world->subject->find_free(world->self, 0x20000);
}

static void iterate(struct world *world)
{
	world->sum += world->subject->iterate(world->self);
}

static const struct operation {
	const char *name;
	void (*before)(struct world *world);
	void (*timed)(struct world *world);
	void (*after)(struct world *world);
	enum { BATCH, ONE_PASS, ALL_AREAS } count;
	bool moves; /* an array has to move its rear part */
} operations[] = {
	{ "map", NULL, map_in_gaps, unmap_from_gaps, BATCH, true },
	{ "unmap whole", map_in_gaps, unmap_from_gaps, NULL, BATCH, true },
	{ "unmap middle", NULL, unmap_middles, restore_areas, BATCH, true },
	{ "protect middle", NULL, protect_middles, restore_areas, BATCH, true },
	{ "protect whole", NULL, protect_wholes, NULL, BATCH, false },
	{ "find", NULL, find_areas, NULL, BATCH, false },
	{ "find_free worst", NULL, find_free_at_the_end, NULL, ONE_PASS, false },
	{ "iterate per area", NULL, iterate, NULL, ALL_AREAS, false },
};

enum { N_OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static double results[N_OPERATIONS][N_SIZES][N_SUBJECTS];
static double bytes_per_area[N_SIZES][N_SUBJECTS];

/* A quarter of the areas at most, so that the size stays what it is; few where each is dear. */
static size_t batch_size(const struct world *world, const struct operation *operation)
{
	bool is_set = world->subject == &memory_set_subject;
	size_t quarter = world->n / 4 < MAX_BATCH ? world->n / 4 : MAX_BATCH;

	if (operation->count == ONE_PASS && !is_set)
		return world->n >= 10000 ? 1 : 100;
	if (operation->count == ONE_PASS)
		return 1000;
	if (operation->moves && world->subject == &array_subject && world->n >= 100000)
		return world->n >= 1000000 ? 4 : 200;
	return quarter;
}

static uint32_t *shuffle(size_t n)
{
	uint32_t *numbers = malloc(n * sizeof(*numbers));

	for (size_t i = 0; i < n; i++) {
		size_t j = random_u64() % (i + 1);

		numbers[i] = numbers[j];
		numbers[j] = i;
	}
	return numbers;
}

static void choose_places(struct world *world)
{
	size_t n = world->n_batch < world->n ? world->n_batch : world->n;

	world->places = &world->shuffled[random_u64() % (world->n - n + 1)];
}

static int compare_double(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static double time_round(struct world *world, const struct operation *operation)
{
	size_t n = operation->count == ALL_AREAS ? world->n : world->n_batch;
	uint64_t start, end;

	choose_places(world);
	if (operation->before)
		operation->before(world);
	start = now_ns();
	operation->timed(world);
	end = now_ns();
	if (operation->after)
		operation->after(world);
	return (double)(end - start) / (double)n;
}

static double measure(struct world *world, const struct operation *operation)
{
	static double rounds[MAX_ROUNDS];
	uint64_t start = now_ns();
	size_t n = 0;

	world->n_batch = batch_size(world, operation);
	time_round(world, operation); /* warms up */
	while (n < MAX_ROUNDS && (n < MIN_ROUNDS || now_ns() - start < ROUND_NS))
		rounds[n++] = time_round(world, operation);
	qsort(rounds, n, sizeof(rounds[0]), compare_double);
	return rounds[n / 2];
}

static void fill(struct world *world)
{
	bool in_order = world->subject == &array_subject; /* or it would never end */
	struct memory_area last = area_at(base(world->n) + 0x40000, 0x8000);

	for (uint64_t i = 0; i < world->n; i++) {
		struct memory_area area = area_number(in_order ? i : world->shuffled[i]);

		world->subject->map(world->self, &area);
	}
	world->subject->map(world->self, &last);
}

static uint64_t measure_all(int s, int size)
{
	static struct world world;

	world = (struct world){ .subject = subjects[s], .n = sizes[size] };
	world.shuffled = shuffle(world.n);
	world.self = world.subject->create();
	fill(&world);
	bytes_per_area[size][s] = (double)world.subject->memory(world.self) / (double)world.n;
	for (int i = 0; i < N_OPERATIONS; i++)
		results[i][size][s] = measure(&world, &operations[i]);
	world.subject->destroy(world.self);
	free(world.shuffled);
	return world.sum;
}

/* ----------------------------------------------------------------- results */

static double best_other(const double row[N_SUBJECTS])
{
	double best = row[1];

	for (int s = 2; s < N_SUBJECTS; s++)
		if (subjects[s] && row[s] < best)
			best = row[s];
	return best;
}

static void print_head(const char *title)
{
	printf("\n%-18s %9s", title, "areas");
	for (int s = 0; s < N_SUBJECTS; s++)
		if (subjects[s])
			printf(" %12s", subjects[s]->name);
	printf(" %9s %9s\n", "x best", "growth");
}

static void print_row(size_t n, const double row[N_SUBJECTS], const double above[N_SUBJECTS])
{
	printf("%-18s %9zu", "", n);
	for (int s = 0; s < N_SUBJECTS; s++)
		if (subjects[s])
			printf(" %12.1f", row[s]);
	printf(" %9.2f", best_other(row) / row[0]);
	if (above)
		printf(" %9.2f", row[0] / above[0]);
	printf("\n");
}

static void print_results(void)
{
	for (int i = 0; i < N_OPERATIONS; i++) {
		print_head(operations[i].name);
		for (int size = 0; size < N_SIZES; size++)
			print_row(sizes[size], results[i][size],
				  size > 0 ? results[i][size - 1] : NULL);
	}
	print_head("bytes per area");
	for (int size = 0; size < N_SIZES; size++)
		print_row(sizes[size], bytes_per_area[size],
			  size > 0 ? bytes_per_area[size - 1] : NULL);
}

/* What the set is meant to reach, in one run. */
static void print_missed(void)
{
	enum { FIND = 5, FIND_FREE = 6, ITERATE = 7 };

	printf("\nmissed aims:\n");
	for (int i = 0; i < N_OPERATIONS; i++) {
		for (int size = 0; size < N_SIZES; size++) {
			const double *row = results[i][size];
			bool twice = (i == FIND || i == ITERATE) && sizes[size] >= 100000;
			double ratio = best_other(row) / row[0];

			if (ratio < (twice ? 2 : 1))
				printf("  %s at %zu: %.2f times the best other, not %d\n",
				       operations[i].name, sizes[size], ratio, twice ? 2 : 1);
		}
	}
	for (int size = 0; size < N_SIZES; size++) {
		double ratio = results[FIND_FREE][size][0] / results[FIND][size][0];

		if (ratio > 4)
			printf("  find_free at %zu: %.1f times find, not 4\n", sizes[size], ratio);
	}
}

int main(void)
{
	uint64_t sum = 0;

	for (int size = 0; size < N_SIZES; size++)
		for (int s = 0; s < N_SUBJECTS; s++)
			if (subjects[s])
				sum += measure_all(s, size);
	print_results();
	print_missed();
	return sum == 1; /* it never is, but the compiler doesn't know */
}
