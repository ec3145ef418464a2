/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests random operations, compared after each step with an oracle that is too simple
 * to be wrong: an array with one entry per page.
 *
 * Backends fail, the allocator fails, and a per-request backend moves what it is
 * asked to map. The seed is in each message; ML_TEST_SEED sets it.
 */

#include "support.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	N_PAGES = 1024,
	EPISODES = 40,
	STEPS = 250,	/* of one episode; the last one has many times more */
	MAX_AREAS = 40, /* of one replace */
};

struct page {
	bool mapped;
	bool first;		 /* of its area */
	struct memory_area area; /* but with the range of this page, and its offset */
};

/* One world: a set, what drives it, and what it should be. */
static struct memory_set *set;
static bool per_area, merge, auto_reserve;
static bool starved; /* no memory beyond what the first few calls got */
static struct page pages[N_PAGES];
static uint64_t entries[N_PAGES];
static struct page_array table;
static struct counting_allocator counting;
static struct failing_backend backends[2];
static struct mapping_backend request;
static uint64_t seed, state;
static int step;

#define require(condition)                                                                         \
	cr_assert(condition, "ML_TEST_SEED=%" PRIu64 " step %d %s%s%s: %s", seed, step,            \
		  per_area ? "per area" : "per request", merge ? " merge" : "",                    \
		  auto_reserve ? " auto" : "", #condition)

static uint64_t random_below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static bool one_in(uint64_t n)
{
	return random_below(n) == 0;
}

static struct addr_range random_range(void)
{
	uint64_t start = random_below(N_PAGES);
	uint64_t n = 1 + random_below(one_in(20) ? N_PAGES : 6);

	if (start + n > N_PAGES)
		n = N_PAGES - start;
	return (struct addr_range){ start * PAGE, (start + n) * PAGE };
}

static struct memory_area random_area(struct addr_range range)
{
	struct memory_area area = area_of(range.start, range.end, random_below(3),
					  &backends[random_below(2)].backend);

	if (!one_in(3))
		area.offset = one_in(4) ? random_below(16) * PAGE : range.start + 0x100000;
	area.origin = one_in(4);
	area.tag[0] = one_in(8);
	area.tag[1] = one_in(8);
	return area;
}

/* ------------------------------------------------------------------ oracle */

static bool pages_are_alike(const struct page *left, const struct page *right)
{
	const struct memory_area *l = &left->area;
	const struct memory_area *r = &right->area;
	uint64_t offset = l->offset == MEMORY_AREA_NO_OFFSET ? l->offset : l->offset + PAGE;

	return left->mapped && right->mapped && l->flags == r->flags && l->backend == r->backend &&
	       l->origin == r->origin && l->tag[0] == r->tag[0] && l->tag[1] == r->tag[1] &&
	       offset == r->offset;
}

/* An operation splits at the ends of what it changed. */
static void oracle_split(uint64_t addr)
{
	if (addr / PAGE < N_PAGES)
		pages[addr / PAGE].first = true;
}

static void oracle_unmap(struct addr_range range)
{
	oracle_split(range.end);
	for (uint64_t i = range.start / PAGE; i < range.end / PAGE; i++)
		pages[i].mapped = false;
}

static void oracle_map(const struct memory_area *area)
{
	oracle_split(area->range.start);
	oracle_split(area->range.end);
	for (uint64_t addr = area->range.start; addr < area->range.end; addr += PAGE) {
		struct page *page = &pages[addr / PAGE];

		page->mapped = true;
		page->first = addr == area->range.start;
		page->area = *area;
		page->area.range = (struct addr_range){ addr, addr + PAGE };
		page->area.offset = memory_area_offset_at(area, addr);
	}
}

static bool is_first(uint64_t i)
{
	if (!pages[i].mapped)
		return false;
	if (i == 0 || !pages[i - 1].mapped)
		return true;
	return merge ? !pages_are_alike(&pages[i - 1], &pages[i]) : pages[i].first;
}

/* The page behind the area that page @i is in; not beyond @end. */
static uint64_t piece_end(uint64_t i, uint64_t end)
{
	for (i++; i < end && pages[i].mapped && !is_first(i);)
		i++;
	return i;
}

/* Merging has the last word on where areas begin. */
static void oracle_settle(void)
{
	for (uint64_t i = N_PAGES; merge && i-- > 0;)
		pages[i].first = is_first(i);
}

/* ----------------------------------------------------------------- compare */

static void compare_area(const struct memory_area *area, uint64_t i)
{
	const struct memory_area *page = &pages[i].area;

	require(is_first(i));
	require(area->range.start == i * PAGE);
	require(area->range.end == piece_end(i, N_PAGES) * PAGE);
	require(area->flags == page->flags);
	require(area->backend == page->backend);
	require(area->offset == page->offset);
	require(area->origin == page->origin);
	require(area->tag[0] == page->tag[0] && area->tag[1] == page->tag[1]);
}

static void compare_all(void)
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, MEMORY_SET_ALL);
	const char *wrong = memory_set_check(set);
	const struct memory_area *area;
	size_t n = 0;

	require((wrong ? wrong : "in order")[0] == 'i');
	for (uint64_t i = 0; i < N_PAGES; i++) {
		if (per_area)
			require(entries[i] ==
				(pages[i].mapped ? pages[i].area.flags : PAGE_ARRAY_UNMAPPED));
		if (!is_first(i))
			continue;
		area = memory_set_iter_next(&iter);
		require(area);
		compare_area(area, i);
		n++;
	}
	require(!memory_set_iter_next(&iter));
	require(n == memory_set_count(set));
}

/* Looks things up in a random range, both ways, and by address. */
static void compare_range(void)
{
	struct addr_range range = random_range();
	struct memory_set_iter next = memory_set_iter_from_start(set, range);
	struct memory_set_iter prev = memory_set_iter_from_end(set, range);
	const struct memory_area *seen[N_PAGES];
	size_t n = 0;

	for (uint64_t i = range.start / PAGE; i < range.end / PAGE; i++) {
		const struct memory_area *area = memory_set_find(set, i * PAGE + 5);

		require(!area == !pages[i].mapped);
		if (!area || (n > 0 && seen[n - 1] == area))
			continue;
		require(memory_set_find_from(set, i * PAGE) == area);
		require(memory_set_iter_next(&next) == area);
		seen[n++] = area;
	}
	require(memory_set_overlaps(set, range) == (n > 0));
	require(!memory_set_iter_next(&next));
	while (n > 0)
		require(memory_set_iter_prev(&prev) == seen[--n]);
	require(!memory_set_iter_prev(&prev));
}

static uint64_t first_free(uint64_t from, uint64_t size, struct addr_range limit,
			   uint64_t alignment)
{
	for (from = (from + alignment - 1) & -alignment; from + size <= limit.end;
	     from += alignment) {
		uint64_t i = from / PAGE;

		while (i < (from + size) / PAGE && (i >= N_PAGES || !pages[i].mapped))
			i++;
		if (i == (from + size) / PAGE)
			return from;
	}
	return UINT64_MAX;
}

static void compare_free_area(void)
{
	struct addr_range limit = random_range();
	uint64_t hint = random_below(N_PAGES * (uint64_t)PAGE);
	uint64_t size = (1 + random_below(one_in(4) ? 64 : 4)) * PAGE;
	uint64_t alignment = (uint64_t)PAGE << (one_in(2) ? 0 : random_below(6));
	uint64_t found = UINT64_MAX;
	uint64_t from;
	int error;

	if (one_in(2))
		limit = (struct addr_range){ 0, (N_PAGES + 100) * (uint64_t)PAGE };
	if (one_in(2))
		hint = limit.start;
	from = hint > limit.start ? hint : limit.start;
	error = memory_set_find_free_area(set, hint, size, limit, alignment, &found);
	require(error == 0 || error == -ENOMEM);
	require(found == first_free(from, size, limit, alignment));
}

/* ----------------------------------------------------- per-request backend */

static struct {
	uint64_t calls;
	int error;
	struct addr_range range;
	bool move;
} asked;

static int note(struct addr_range range)
{
	asked.calls++;
	asked.range = range;
	return asked.error;
}

static int request_map(struct mapping_backend *backend, struct memory_area *area, void *page_table)
{
	(void)backend;
	(void)page_table;
	if (note(area->range) == 0 && asked.move)
		*area = random_area(random_range());
	return asked.error;
}

static int request_unmap(struct mapping_backend *backend, struct addr_range range, void *page_table)
{
	(void)backend;
	(void)page_table;
	return note(range);
}

static int request_protect(struct mapping_backend *backend, struct addr_range range, uint64_t flags,
			   void *page_table)
{
	(void)flags;
	return request_unmap(backend, range, page_table);
}

static const struct mapping_backend_ops request_ops = { "request", request_map, request_unmap,
							request_protect };

/* -------------------------------------------------------------- operations */

static bool is_short(int error)
{
	return error == -ENOBUFS || error == -ENOMEM;
}

/* Asks the next backend of page @i, as the set does. */
static bool let_through(uint64_t i, uint64_t calls_left[2])
{
	uint64_t *left = &calls_left[pages[i].area.backend == &backends[1].backend];

	if (*left == 0)
		return false;
	--*left;
	return true;
}

static int check_request(int error, struct addr_range range)
{
	if (per_area)
		return error;
	require(asked.calls == !is_short(error));
	require(is_short(error) || error == asked.error);
	require(is_short(error) ||
		(asked.range.start == range.start && asked.range.end == range.end));
	return error;
}

/* What the set should have done to the areas in @range; returns the error. */
static int oracle_unmap_pieces(struct addr_range range, uint64_t calls_left[2])
{
	uint64_t end = range.end / PAGE;

	for (uint64_t i = range.start / PAGE; i < end;) {
		uint64_t next = piece_end(i, end);

		if (!pages[i].mapped) {
			i++;
			continue;
		}
		if (per_area && !let_through(i, calls_left))
			return -EIO;
		oracle_unmap((struct addr_range){ i * PAGE, next * PAGE });
		i = next;
	}
	return 0;
}

static void step_unmap(uint64_t calls_left[2])
{
	struct addr_range range = random_range();
	int error = memory_set_unmap(set, range, &table);

	check_request(error, range);
	if (is_short(error))
		return;
	if (!error || per_area)
		require(oracle_unmap_pieces(range, calls_left) == error);
}

static bool oracle_overlaps(struct addr_range range)
{
	for (uint64_t i = range.start / PAGE; i < range.end / PAGE; i++)
		if (pages[i].mapped)
			return true;
	return false;
}

static void step_map(uint64_t calls_left[2])
{
	enum memory_set_overlap on_overlap = one_in(2) ? MEMORY_SET_REFUSE : MEMORY_SET_REPLACE;
	struct memory_area area = random_area(random_range());
	struct addr_range range = area.range;
	int error = memory_set_map(set, &area, on_overlap, &table);
	bool second = area.backend == &backends[1].backend;

	if (on_overlap == MEMORY_SET_REFUSE && oracle_overlaps(range)) {
		require(error == -EEXIST && asked.calls == 0);
		return;
	}
	check_request(error, range);
	if (is_short(error) || (error && !per_area))
		return;
	if (!per_area)
		oracle_unmap_pieces(area.range, calls_left);
	else if (oracle_unmap_pieces(range, calls_left))
		require(error == -EIO);
	else
		require(error == (calls_left[second] == 0 ? -EIO : 0));
	if (!error)
		oracle_map(&area);
}

/* Declines by address, so that the oracle can be asked the same again. */
static bool change_some(struct memory_area *piece, void *context)
{
	uint64_t salt = *(uint64_t *)context;

	if ((piece->range.start / PAGE + salt) % 3 == 0)
		return false;
	piece->flags = (piece->flags + salt) % 3;
	if (salt & 8)
		piece->tag[0] = salt & 1;
	return true;
}

static int oracle_update(struct addr_range range, uint64_t flags, uint64_t *salt, bool ask,
			 uint64_t calls_left[2])
{
	uint64_t end = range.end / PAGE;
	uint64_t next;

	for (uint64_t i = range.start / PAGE; i < end; i = next) {
		struct memory_area piece = pages[i].area;

		next = pages[i].mapped ? piece_end(i, end) : i + 1;
		piece.range.end = next * PAGE;
		if (!pages[i].mapped || (salt && !change_some(&piece, salt)))
			continue;
		if (!salt)
			piece.flags = flags;
		if (piece.flags == pages[i].area.flags && piece.tag[0] == pages[i].area.tag[0])
			continue;
		if (ask && !let_through(i, calls_left))
			return -EIO;
		oracle_map(&piece);
	}
	return 0;
}

static void step_protect(uint64_t calls_left[2])
{
	struct addr_range range = random_range();
	uint64_t flags = random_below(3);
	uint64_t salt_value = random_below(16);
	uint64_t *salt = one_in(2) ? &salt_value : NULL;
	int error = memory_set_protect(set, range, flags, salt ? change_some : NULL, salt, &table);

	check_request(error, range);
	if (is_short(error) || (error && !per_area))
		return;
	require(oracle_update(range, flags, salt, per_area, calls_left) == error);
}

/* Under a page table, what is metadata only must leave the flags alone. */
static bool change_tag(struct memory_area *piece, void *context)
{
	piece->tag[0] = *(uint64_t *)context & 1;
	return true;
}

static void step_update(uint64_t calls_left[2])
{
	struct addr_range range = random_range();
	uint64_t salt = random_below(16);
	int error = memory_set_update(set, range, per_area ? change_tag : change_some, &salt);

	require(asked.calls == 0);
	if (is_short(error))
		return;
	require(error == 0);
	if (!per_area) {
		oracle_update(range, 0, &salt, false, calls_left);
		return;
	}
	for (uint64_t i = range.start / PAGE, next; i < range.end / PAGE; i = next) {
		struct memory_area piece = pages[i].area;

		next = pages[i].mapped ? piece_end(i, range.end / PAGE) : i + 1;
		piece.range.end = next * PAGE;
		piece.tag[0] = salt & 1;
		if (pages[i].mapped && piece.tag[0] != pages[i].area.tag[0])
			oracle_map(&piece);
	}
}

static void set_entries(struct addr_range range, uint64_t entry)
{
	for (uint64_t i = range.start / PAGE; i < range.end / PAGE; i++)
		entries[i] = entry;
}

static void step_replace(void)
{
	struct addr_range range = random_range();
	struct memory_area areas[MAX_AREAS];
	size_t n = 0;
	int error;

	for (uint64_t at = range.start; at < range.end && n < MAX_AREAS; n++) {
		uint64_t end = at + (1 + random_below(4)) * PAGE;

		if (end > range.end)
			end = range.end;
		areas[n] = random_area((struct addr_range){ at, end });
		at = areas[n].range.end + (one_in(2) ? PAGE * random_below(3) : 0);
	}
	if (!auto_reserve && !one_in(4))
		memory_set_reserve(set, n + 1);
	error = memory_set_replace(set, range, areas, n);
	require(asked.calls == 0);
	if (is_short(error))
		return;
	require(error == 0);
	oracle_unmap(range);
	set_entries(range, PAGE_ARRAY_UNMAPPED);
	for (size_t i = 0; i < n; i++) {
		oracle_map(&areas[i]);
		set_entries(areas[i].range, areas[i].flags);
	}
}

static void step_clear(uint64_t calls_left[2])
{
	size_t count = memory_set_count(set);
	int error = memory_set_clear(set, &table);

	require(per_area || asked.calls == (count > 0));
	require(!is_short(error));
	if (!error || per_area)
		require(oracle_unmap_pieces((struct addr_range){ 0, N_PAGES * (uint64_t)PAGE },
					    calls_left) == error);
}

static void random_operation(uint64_t calls_left[2])
{
	uint64_t dice = random_below(24);

	if (dice < 9)
		step_map(calls_left);
	else if (dice < 15)
		step_unmap(calls_left);
	else if (dice < 21)
		step_protect(calls_left);
	else if (dice < 22)
		step_update(calls_left);
	else if (dice < 23)
		step_replace();
	else if (one_in(40))
		step_clear(calls_left);
}

static void random_step(void)
{
	uint64_t calls_left[2] = { UINT64_MAX, UINT64_MAX };

	if (one_in(4))
		calls_left[random_below(2)] = random_below(5);
	for (int i = 0; i < 2; i++)
		failing_backend_init(&backends[i], &page_array_backend, calls_left[i], -EIO);
	memset(&asked, 0, sizeof(asked));
	asked.error = one_in(5) ? -EIO : 0;
	asked.move = one_in(3);
	if (!starved)
		counting.calls_left = one_in(3) ? random_below(2) : UINT64_MAX;
	if (!auto_reserve && !one_in(4))
		memory_set_reserve(set, MEMORY_SET_MAX_GROWTH);

	random_operation(calls_left);
}

static void episode(int n_steps)
{
	memset(pages, 0, sizeof(pages));
	page_array_init(&table, entries, N_PAGES, PAGE);
	starved = one_in(3);
	counting_allocator_init(&counting, starved ? 1 + random_below(4) : UINT64_MAX);
	set = memory_set_create(&(struct memory_set_options){
		.allocator = &counting.allocator,
		.dispatch = per_area ? MEMORY_SET_PER_AREA : MEMORY_SET_PER_REQUEST,
		.backend = per_area ? NULL : &request,
		.merge = merge,
		.auto_reserve = auto_reserve,
	});
	for (; n_steps > 0; n_steps--, step++) {
		random_step();
		oracle_settle();
		compare_all();
		compare_range();
		compare_free_area();
	}
	memory_set_destroy(set);
	cr_assert_eq(counting.bytes, 0);
}

static void run(bool is_per_area, bool merges, bool reserves)
{
	per_area = is_per_area;
	merge = merges;
	auto_reserve = reserves;
	request.ops = &request_ops;
	step = 0;
	for (int i = 0; i < EPISODES; i++)
		episode(STEPS);
	episode(EPISODES * STEPS);
}

static void setup(void)
{
	const char *text = getenv("ML_TEST_SEED");

	seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
	state = seed * 0x9e3779b97f4a7c15 + 1;
	if (state == 0)
		state = 1;
}

TestSuite(memory_set_random, .init = setup, .timeout = 300);

Test(memory_set_random, per_area)
{
	run(true, false, true);
	run(true, false, false);
}

Test(memory_set_random, per_area_merging)
{
	run(true, true, true);
	run(true, true, false);
}

Test(memory_set_random, per_request)
{
	run(false, false, true);
	run(false, false, false);
}

Test(memory_set_random, per_request_merging)
{
	run(false, true, true);
	run(false, true, false);
}
