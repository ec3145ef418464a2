/* SPDX-License-Identifier: Apache-2.0 */
#include "stacks/kept_ranges.h"
#include "stacks/rule_cache.h"
#include "vma/vm_reach.h"

struct unwind_cache rule_cache;

/* Whose code the rules in the cache are for, and the stacks that threads know the ends of. */
static struct kept_ranges kept_code, kept_stacks;

/* Of what threads know. Rules have one of their own. */
uint64_t rule_cache_stacks_now = 1;

static void forget_code(void)
{
	kept_ranges_clear(&kept_code);
	unwind_cache_forget(&rule_cache);
}

static void forget_stacks(void)
{
	kept_ranges_clear(&kept_stacks);
	__atomic_fetch_add(&rule_cache_stacks_now, 1, __ATOMIC_RELEASE);
}

void rule_cache_keep_code(struct addr_range range)
{
	if (kept_ranges_add(&kept_code, range))
		return;
	forget_code();
	kept_ranges_add(&kept_code, range);
}

void rule_cache_keep_stack(struct addr_range range)
{
	if (kept_ranges_add(&kept_stacks, range))
		return;
	forget_stacks();
	kept_ranges_add(&kept_stacks, range);
}

void rule_cache_forget_range(struct addr_range range)
{
	if (kept_ranges_meet(&kept_code, range))
		forget_code();
	if (kept_ranges_meet(&kept_stacks, range))
		forget_stacks();
}

void rule_cache_before_call(const struct vm_call *call, uint64_t brk)
{
	struct addr_range ranges[2];
	unsigned n = vm_ranges_taken(call, brk, ranges);

	for (unsigned i = 0; i < n; i++)
		rule_cache_forget_range(ranges[i]);
}

/* Nobody else is excluded, so that nothing is sure while they change. */
static bool may_meet(const struct kept_ranges *kept, const struct addr_range *ranges, unsigned n)
{
	uint32_t version = kept_ranges_version(kept);
	bool meet = version % 2 != 0;

	for (unsigned i = 0; i < n; i++)
		meet |= kept_ranges_meet(kept, ranges[i]);
	return meet || kept_ranges_version(kept) != version;
}

void rule_cache_before_call_without_lock(const struct vm_call *call, uint64_t brk)
{
	struct addr_range ranges[2];
	unsigned n = vm_ranges_taken(call, brk, ranges);

	if (n > 0 && may_meet(&kept_code, ranges, n))
		unwind_cache_forget(&rule_cache);
	if (n > 0 && may_meet(&kept_stacks, ranges, n))
		__atomic_fetch_add(&rule_cache_stacks_now, 1, __ATOMIC_RELEASE);
}
