/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_CACHE_H
#define UNWIND_CACHE_H

/*
 * unwind_cache - a table from instructions to their unwind rules, read without a lock
 *
 * Any number of threads (and signal handlers on top of them) look up while one
 * adds or forgets. An entry is two words; the first holds the address mixed with
 * the second, so an entry that is read while it changes, or that is from before
 * the last unwind_cache_forget(), belongs to no address at all.
 *
 * Small programs touch one page of the cache, which becomes larger, and forgets, when it is
 * half full. All zeros is an empty one.
 */

#include <stdbool.h>
#include <stdint.h>
#include "unwind/unwind_rule.h"

#define UNWIND_CACHE_BITS_FIRST 8
#define UNWIND_CACHE_BITS	13
#define UNWIND_CACHE_SIZE	(1u << UNWIND_CACHE_BITS)
#define UNWIND_CACHE_WAYS	2

struct unwind_cache_entry {
	uint64_t mixed;
	uint64_t rule;
};

struct unwind_cache {
	uint64_t generation;
	uint32_t bits;	  /* in use beyond the first */
	uint32_t n_added; /* since all was forgotten */
	uint32_t turn;	  /* which of two to replace */
	struct unwind_cache_entry entries[UNWIND_CACHE_SIZE];
};

static inline uint64_t unwind_cache_mix(uint64_t at, uint64_t rule, uint64_t generation)
{
	return at ^ rule * 0x9e3779b97f4a7c15u ^ generation << 50;
}

/* The first of the two entries where @at may be. */
static inline unsigned unwind_cache_index(uint64_t at, uint32_t bits)
{
	return (unsigned)(at * 0xd6e8feb86659fd93u >> (64 - UNWIND_CACHE_BITS_FIRST - bits)) & ~1u;
}

/* Finds the rule for the instruction at @at. Return: the rule, or 0. */
static inline uint64_t unwind_cache_find(const struct unwind_cache *cache, uint64_t at)
{
	uint32_t bits = __atomic_load_n(&cache->bits, __ATOMIC_RELAXED);
	const struct unwind_cache_entry *entry = &cache->entries[unwind_cache_index(at, bits)];
	uint64_t generation = __atomic_load_n(&cache->generation, __ATOMIC_RELAXED);

	for (unsigned way = 0; way < UNWIND_CACHE_WAYS; way++) {
		uint64_t mixed = __atomic_load_n(&entry[way].mixed, __ATOMIC_RELAXED);
		uint64_t rule = __atomic_load_n(&entry[way].rule, __ATOMIC_RELAXED);

		if (__builtin_expect(mixed == unwind_cache_mix(at, rule, generation), 1) &&
		    rule != 0)
			return rule;
	}
	return 0;
}

/* Forgets all rules. May be called at any time, by any thread. */
static inline void unwind_cache_forget(struct unwind_cache *cache)
{
	__atomic_fetch_add(&cache->generation, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&cache->n_added, 0, __ATOMIC_RELAXED);
}

/* Adds a rule. Callers exclude each other. */
static inline void unwind_cache_add(struct unwind_cache *cache, uint64_t at, uint64_t rule)
{
	struct unwind_cache_entry *entry;

	if (cache->n_added++ >= 1u << (UNWIND_CACHE_BITS_FIRST + cache->bits - 1) &&
	    cache->bits < UNWIND_CACHE_BITS - UNWIND_CACHE_BITS_FIRST) {
		__atomic_store_n(&cache->bits, cache->bits + 1, __ATOMIC_RELAXED);
		unwind_cache_forget(cache);
	}
	entry = &cache->entries[unwind_cache_index(at, cache->bits)];
	entry += entry->rule != 0 ? cache->turn++ % UNWIND_CACHE_WAYS : 0;
	__atomic_store_n(&entry->rule, rule, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->mixed, unwind_cache_mix(at, rule, cache->generation),
			 __ATOMIC_RELAXED);
}

#endif
