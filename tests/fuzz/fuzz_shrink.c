/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "fuzz_shrink.h"

enum { SECONDS_MAX = 300 };

struct shrinking {
	const struct fuzz_setup *setup;
	struct fuzz_call *calls;
	uint32_t n;
	time_t until;
	char verdict[16]; /* how it begins */
};

static struct fuzz_call candidate[FUZZ_CALLS_MAX];

static bool out_of_time(const struct shrinking *shrinking)
{
	return time(NULL) >= shrinking->until;
}

/* Does this fail? Then it is what we have: up to the call that did it. */
static bool accept(struct shrinking *shrinking, uint32_t n)
{
	if (out_of_time(shrinking) ||
	    fuzz_run_calls(shrinking->setup, candidate, n) != FUZZ_DIFFERS ||
	    strncmp(fuzz_log->verdict, shrinking->verdict, sizeof(shrinking->verdict)) != 0)
		return false;
	shrinking->n = fuzz_log->n_calls < n ? fuzz_log->n_calls : n;
	memcpy(shrinking->calls, candidate, shrinking->n * sizeof(candidate[0]));
	return true;
}

static bool fails(struct shrinking *shrinking)
{
	memcpy(candidate, shrinking->calls, shrinking->n * sizeof(candidate[0]));
	return accept(shrinking, shrinking->n);
}

static bool leave_out(struct shrinking *shrinking, uint32_t first, uint32_t n)
{
	uint32_t after = first + n;

	memcpy(candidate, shrinking->calls, first * sizeof(candidate[0]));
	memcpy(candidate + first, shrinking->calls + after,
	       (shrinking->n - after) * sizeof(candidate[0]));
	return accept(shrinking, shrinking->n - n);
}

/* From the end, where calls are that others don't build upon. */
static bool leave_out_each(struct shrinking *shrinking, uint32_t n)
{
	bool any = false;
	uint32_t end = shrinking->n;

	while (end > 0 && !out_of_time(shrinking)) {
		uint32_t first = end > n ? end - n : 0;

		any |= leave_out(shrinking, first, end - first);
		end = first < shrinking->n ? first : shrinking->n;
	}
	return any;
}

static bool try_value(struct shrinking *shrinking, uint32_t at, unsigned arg, uint64_t offset)
{
	struct fuzz_value *value = &candidate[at].args[arg];

	if (at >= shrinking->n || shrinking->calls[at].args[arg].offset == offset)
		return false;
	memcpy(candidate, shrinking->calls, shrinking->n * sizeof(candidate[0]));
	value->offset = offset;
	return accept(shrinking, shrinking->n);
}

static void simplify_flags(struct shrinking *shrinking, uint32_t at, unsigned arg)
{
	for (unsigned bit = 4; bit < 32; bit++)
		if (at < shrinking->n && shrinking->calls[at].args[arg].offset >> bit & 1)
			try_value(shrinking, at, arg,
				  shrinking->calls[at].args[arg].offset & ~(1ULL << bit));
}

/* Whole pages, few of them; plain protection; no flag that does not matter. */
static void simplify_arg(struct shrinking *shrinking, uint32_t at, unsigned arg, char letter)
{
	uint64_t now = shrinking->calls[at].args[arg].offset;

	if (letter == 'l' && !try_value(shrinking, at, arg, 0x1000))
		if (!try_value(shrinking, at, arg, 0x2000))
			try_value(shrinking, at, arg, (now + 0xfff) & ~0xfffULL);
	if (letter == 'p' && !try_value(shrinking, at, arg, PROT_READ))
		try_value(shrinking, at, arg, PROT_READ | PROT_WRITE);
	if (letter == 'm')
		simplify_flags(shrinking, at, arg);
}

static void simplify(struct shrinking *shrinking)
{
	for (uint32_t at = 0; at < shrinking->n; at++) {
		const char *letters = fuzz_ops[shrinking->calls[at].op].args;

		for (unsigned arg = 0; letters[arg] != '\0' && at < shrinking->n; arg++)
			simplify_arg(shrinking, at, arg, letters[arg]);
	}
}

bool fuzz_shrink(const struct fuzz_setup *setup, struct fuzz_call *calls, uint32_t *n)
{
	struct shrinking shrinking = { setup, calls, *n, time(NULL) + SECONDS_MAX, "" };

	memcpy(shrinking.verdict, fuzz_log->verdict, sizeof(shrinking.verdict));
	if (!fails(&shrinking))
		return false;
	for (uint32_t size = shrinking.n / 2; size > 0; size /= 2)
		leave_out_each(&shrinking, size);
	while (leave_out_each(&shrinking, 1))
		;
	simplify(&shrinking);
	/* The log and its verdict are the last failing run's. */
	fails(&shrinking);
	*n = shrinking.n;
	return true;
}
