/* SPDX-License-Identifier: Apache-2.0 */

/*
 * self_check - a program that asks for its own areas, with the shim or without
 *
 * It maps, protects and unmaps four pages and after each step asks what is there
 * now. Lines that begin with "ledger:" come from the shim's answers, and say
 * "not here" without it; all other lines are the same either way.
 *
 *     $ cc self_check.c -I include -o self_check
 *     $ ./self_check
 *     $ mapledger run ./self_check
 *
 * A program that is not position independent must be compiled with -fPIE or
 * -fPIC all the same, or the weak symbols are settled as "not here" by the linker.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <mapledger/mapledger.h>

#define PAGE	4096
#define N_PAGES 4

static int failures;

static void expect(bool holds, const char *what)
{
	if (holds)
		return;
	printf("FAILED: %s\n", what);
	failures++;
}

/* "rw- 4 pages, private" */
static void say_area(const char *what, const struct ml_area *area)
{
	printf("ledger: %s: %c%c%c %llu pages, %s\n", what, area->prot & PROT_READ ? 'r' : '-',
	       area->prot & PROT_WRITE ? 'w' : '-', area->prot & PROT_EXEC ? 'x' : '-',
	       (unsigned long long)(area->end - area->start) / PAGE,
	       area->flags & ML_AREA_SHARED ? "shared" : "private");
}

static void ask(const char *what, const void *addr, struct ml_area *area)
{
	int answer;

	*area = (struct ml_area){ 0 };
	errno = EXDEV;
	answer = ml_query(addr, area);
	expect(errno == EXDEV, "a question leaves errno alone");
	if (answer == 1)
		say_area(what, area);
	else if (answer == 0)
		printf("ledger: %s: nothing is mapped there\n", what);
	else if (answer == -ENOSYS)
		printf("ledger: %s: not here\n", what);
	else
		expect(false, "a question outside of a signal handler is answered");
}

struct census {
	uint64_t from, to; /* the range of interest */
	int n_areas;
	int n_inside;
};

static int count_area(const struct ml_area *area, void *context)
{
	struct census *census = context;

	census->n_areas++;
	census->n_inside += area->start >= census->from && area->end <= census->to;
	return 0;
}

static int stop_at_first(const struct ml_area *area, void *context)
{
	(void)context;
	return area->start < area->end ? 42 : 0;
}

/* How many areas the four pages consist of. */
static void count(const char *what, const char *pages)
{
	struct census census = {
		.from = (uintptr_t)pages,
		.to = (uintptr_t)pages + N_PAGES * PAGE,
	};
	int answer = ml_foreach(count_area, &census);

	if (answer == -ENOSYS) {
		printf("ledger: %s: not here\n", what);
		expect(census.n_areas == 0, "nothing was counted without the shim");
		return;
	}
	expect(answer == 0, "a walk to the end returns 0");
	expect(census.n_areas > census.n_inside, "a program has more areas than these");
	printf("ledger: %s: %d areas\n", what, census.n_inside);
}

static void say_difference(const struct ml_difference *difference, void *context)
{
	(void)context;
	if (!difference->explained)
		printf("FAILED: %llx-%llx %s\n", (unsigned long long)difference->start,
		       (unsigned long long)difference->end, difference->what);
}

static void verify(void)
{
	int with_report = ml_verify(say_difference, NULL);
	int silent = ml_verify(NULL, NULL);

	if (silent == -ENOSYS)
		printf("ledger: verify: not here\n");
	else
		printf("ledger: verify: %d differences\n", silent);
	expect(with_report == silent, "a report does not change the result");
}

int main(void)
{
	struct ml_area area, middle;
	uint64_t before = ml_seq();
	bool active = ml_active();
	char *pages;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ledger: %s\n", active ? "here" : "not here");

	pages = mmap(NULL, N_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	printf("mmap: %s\n", pages != MAP_FAILED ? "done" : "failed");
	ask("after mmap", pages + PAGE, &area);
	expect(!active || area.start == (uintptr_t)pages, "the area begins with the mapping");
	expect(!active || area.mapped_by > before, "the area names the call that mapped it");
	expect(!active || !(area.flags & (ML_AREA_BASELINE | ML_AREA_RESYNCED)),
	       "the call was observed");
	count("after mmap", pages);
	pages[PAGE] = 1;

	printf("mprotect: %d\n", mprotect(pages + PAGE, 2 * PAGE, PROT_READ));
	ask("first page after mprotect", pages, &area);
	ask("second page after mprotect", pages + PAGE, &middle);
	expect(!active ||
		       (middle.mapped_by == area.mapped_by && middle.changed_by > area.mapped_by),
	       "both calls are remembered");
	count("after mprotect", pages);
	printf("content: %d\n", pages[PAGE]);

	printf("munmap: %d\n", munmap(pages + PAGE, PAGE));
	ask("second page after munmap", pages + PAGE, &area);
	ask("third page after munmap", pages + 2 * PAGE, &area);
	count("after munmap", pages);

	ask("a variable on the stack", &area, &area);
	ask("address zero", NULL, &area);
	expect(ml_foreach(stop_at_first, NULL) == (active ? 42 : -ENOSYS),
	       "a walk returns what stopped it");
	expect(ml_mark("checked") == (active ? 0 : -ENOSYS),
	       "a mark is set when there is a ledger");
	expect(active ? ml_seq() >= before + 3 : ml_seq() == 0, "three calls were counted");
	verify();

	printf("munmap: %d\n", munmap(pages, N_PAGES * PAGE));
	printf("end: %d failures\n", failures);
	return failures != 0;
}
