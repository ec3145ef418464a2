/* SPDX-License-Identifier: Apache-2.0 */

/*
 * stack_rules - what a walk asks when the cache does not know
 *
 * Answered from the map, with the recorder's lock held: while we have it nobody
 * unmaps what is being read. Each answer is for keeps, until a call touches the
 * memory it is about.
 */

#include "base/sys.h"
#include "map/map.h"
#include "record/recorder.h"
#include "shim/shim.h"
#include "stacks/kept_ranges.h"
#include "stacks/stacks.h"
#include "unwind/cfi.h"
#include "unwind/elf_image.h"
#include "vma/vm_call.h"
#include "vma/vm_flags.h"
#include "vma/vm_reach.h"

static struct unwind_cache cache;

/* ------------------------------------------------------------ what is to be forgotten */

/* Whose code the rules in the cache are for, and the stacks that threads know the ends of. */
static struct kept_ranges kept_code, kept_stacks;

/* Of what threads know. Rules have one of their own. */
static uint64_t stacks_generation = 1;

static void forget_code(void)
{
	kept_ranges_clear(&kept_code);
	unwind_cache_forget(&cache);
}

static void forget_stacks(void)
{
	kept_ranges_clear(&kept_stacks);
	__atomic_fetch_add(&stacks_generation, 1, __ATOMIC_RELEASE);
}

static void keep_code(struct addr_range range)
{
	if (kept_ranges_add(&kept_code, range))
		return;
	forget_code();
	kept_ranges_add(&kept_code, range);
}

static void keep_stack(struct addr_range range)
{
	if (kept_ranges_add(&kept_stacks, range))
		return;
	forget_stacks();
	kept_ranges_add(&kept_stacks, range);
}

void stacks_forget_range(struct addr_range range)
{
	if (kept_ranges_meet(&kept_code, range))
		forget_code();
	if (kept_ranges_meet(&kept_stacks, range))
		forget_stacks();
}

void stacks_before_call(const struct vm_call *call)
{
	struct addr_range ranges[2];
	unsigned n = vm_ranges_taken(call, map.space.brk, ranges);

	for (unsigned i = 0; i < n; i++)
		stacks_forget_range(ranges[i]);
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

void stacks_before_call_without_lock(const struct vm_call *call)
{
	struct addr_range ranges[2];
	unsigned n = vm_ranges_taken(call, map.space.brk, ranges);

	if (n > 0 && may_meet(&kept_code, ranges, n))
		unwind_cache_forget(&cache);
	if (n > 0 && may_meet(&kept_stacks, ranges, n))
		__atomic_fetch_add(&stacks_generation, 1, __ATOMIC_RELEASE);
}

/* --------------------------------------------------------------------- rules */

static struct cfi_machine machine;

#define NEIGHBOURS 16 /* areas of one file, to look through for its first page */

/* The area that shows the first page of the file that @code is a part of. */
static const struct memory_area *find_head(const struct memory_area *code)
{
	struct addr_range below = { 0, code->range.end };
	struct memory_set_iter iter = memory_set_iter_from_end(map.space.set, below);
	const struct memory_area *area;

	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		area = memory_set_iter_prev(&iter);
		if (area == NULL)
			return NULL;
		if (area->offset == 0 && (area->flags & VM_READ) &&
		    area->tag[VM_TAG_OBJECT] == code->tag[VM_TAG_OBJECT])
			return area;
	}
	return NULL;
}

/* From the area that @addr lies in as far as the same file can be read without a gap. */
static bool find_readable(uint64_t addr, struct addr_range *readable)
{
	const struct memory_area *area = memory_set_find(map.space.set, addr);
	const struct memory_area *next;

	if (area == NULL || !(area->flags & VM_READ))
		return false;
	*readable = area->range;
	while ((next = memory_set_find(map.space.set, readable->end)) != NULL &&
	       (next->flags & VM_READ) && next->tag[VM_TAG_OBJECT] == area->tag[VM_TAG_OBJECT])
		readable->end = next->range.end;
	return true;
}

static uint64_t rule_from_tables(const struct memory_area *code, uint64_t at)
{
	const struct memory_area *head = find_head(code);
	struct addr_range readable;
	uint64_t hdr;

	if (head == NULL || !elf_find_eh_frame_hdr(head->range, at, &hdr) ||
	    !find_readable(hdr, &readable))
		return unwind_rule(UNWIND_GUESS, 0, 0, 0, 0);
	return cfi_find_rule(&machine, readable, hdr, at);
}

/* mov $SYS_rt_sigreturn, %rax (or %eax); syscall: what a handler returns to. */
static bool is_signal_return(const struct memory_area *code, uint64_t pc)
{
#if defined(__x86_64__)
	static const uint8_t long_form[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t short_form[] = { 0xb8, 15, 0, 0, 0, 0x0f, 0x05 };

	if (!(code->flags & VM_READ) || code->range.end - pc < sizeof(long_form) ||
	    pc < code->range.start)
		return false;
	return memcmp((const void *)(uintptr_t)pc, long_form, sizeof(long_form)) == 0 ||
	       memcmp((const void *)(uintptr_t)pc, short_form, sizeof(short_form)) == 0;
#else
	(void)code;
	(void)pc;
	return false;
#endif
}

static uint64_t find_rule(uint64_t at)
{
	const struct memory_area *area = memory_set_find(map.space.set, at);
	uint64_t rule = unwind_rule(UNWIND_GUESS, 0, 0, 0, 0);
	bool is_file;

	if (area == NULL || !(area->flags & VM_EXEC))
		return unwind_rule(UNWIND_NO_CODE, 0, 0, 0, 0);
	is_file = area->tag[VM_TAG_OBJECT] != 0;
	if (is_file)
		rule = rule_from_tables(area, at);
	if (unwind_rule_kind(rule) == UNWIND_GUESS && is_signal_return(area, at + 1))
		rule = unwind_rule(UNWIND_SIGNAL, 0, 0, 0, 0);
	/* Code made at run time changes too often to be kept. */
	if (is_file) {
		keep_code(area->range);
		unwind_cache_add(&cache, at, rule);
	}
	return rule;
}

/* ------------------------------------------------------------------- asking */

struct asking {
	struct frame_mark mark;
	bool lent;
};

/* A handler on top of a handler may find it set; one that jumped out leaves it to another hold. */
static uint64_t lent_in;

/*
 * With the lock, or on top of a hook of this thread's own that has it and waits for
 * the kernel. False: it can't be had; nobody waits for it more than once in a walk.
 */
static bool begin_asking(struct asking *asking)
{
	uint64_t hold;

	asking->lent = recorder_lends(&hold);
	if (!asking->lent)
		return recorder_lock(&asking->mark, RECORDER_DEFER);
	return __atomic_exchange_n(&lent_in, hold, __ATOMIC_RELAXED) != hold;
}

static void end_asking(struct asking *asking)
{
	if (asking->lent)
		__atomic_store_n(&lent_in, 0, __ATOMIC_RELAXED);
	else
		recorder_unlock(&asking->mark);
}

static uint64_t ask_rule(void *context, uint64_t at)
{
	struct asking asking;
	uint64_t rule;

	(void)context;
	if (!begin_asking(&asking))
		return 0;
	rule = unwind_cache_find(&cache, at);
	if (rule == 0)
		rule = find_rule(at);
	end_asking(&asking);
	return rule;
}

static bool ask_is_code(void *context, uint64_t at)
{
	const struct memory_area *area;
	struct asking asking;
	bool is_code;

	(void)context;
	if (!begin_asking(&asking))
		return false;
	area = memory_set_find(map.space.set, at);
	is_code = area != NULL && (area->flags & VM_EXEC);
	end_asking(&asking);
	return is_code;
}

/* -------------------------------------------------------------------- stacks */

#define KNOWN_STACKS 2 /* its own, and an alternate one */

/* What this thread may read. Of a generation that is over: nothing. */
static __thread struct known_stack {
	uint64_t generation;
	uint64_t start;
	uint64_t end;
} known[KNOWN_STACKS] __attribute__((tls_model("initial-exec")));

static __thread uint8_t known_turn __attribute__((tls_model("initial-exec")));

/* How far below the frame of a hook the next one's may be, before this is asked again. */
#define ROOM_BELOW (64u << 10)

static bool grows(const struct memory_area *area)
{
	return (area->flags & VM_GROWSDOWN) || (map.space.start_stack >= area->range.start &&
						map.space.start_stack < area->range.end);
}

/* A stack that has grown since anybody looked begins below where the map says. */
static bool find_stack(uint64_t sp, struct addr_range *stack)
{
	const struct memory_area *area = memory_set_find_from(map.space.set, sp);

	if (area == NULL || !(area->flags & VM_READ) || (area->range.start > sp && !grows(area)))
		return false;
	stack->start = vm_page_down(sp) > ROOM_BELOW ? vm_page_down(sp) - ROOM_BELOW : 0;
	if (stack->start < area->range.start && !grows(area))
		stack->start = area->range.start;
	stack->end = area->range.end;
	return true;
}

/* From 1, so that a new thread knows nothing. */
static uint64_t generation_now(void)
{
	return __atomic_load_n(&stacks_generation, __ATOMIC_ACQUIRE);
}

/* A handler on top of this may do the same: the entry counts when it has a generation again. */
static void remember_stack(struct addr_range stack)
{
	struct known_stack *entry = &known[known_turn++ % KNOWN_STACKS];

	entry->generation = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	entry->start = stack.start;
	entry->end = stack.end;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	entry->generation = generation_now();
}

static struct addr_range ask_stack(uint64_t sp)
{
	struct addr_range stack = { 0, 0 };
	struct asking asking;

	if (!begin_asking(&asking))
		return UNWIND_STACK_BUSY;
	if (find_stack(sp, &stack)) {
		keep_stack(stack);
		remember_stack(stack);
	}
	end_asking(&asking);
	return stack;
}

static struct addr_range find_known_stack(void *context, uint64_t sp)
{
	uint64_t generation = generation_now();

	(void)context;
	for (unsigned i = 0; i < KNOWN_STACKS; i++)
		if (known[i].generation == generation && sp >= known[i].start && sp < known[i].end)
			return (struct addr_range){ known[i].start, known[i].end };
	return ask_stack(sp);
}

const struct unwind_host stacks_host = {
	.rule = ask_rule,
	.stack = find_known_stack,
	.is_code = ask_is_code,
	.first_sp = &map.space.start_stack,
	.cache = &cache,
};
