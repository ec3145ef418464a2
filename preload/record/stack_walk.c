/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"
#include "map/map.h"
#include "record/session.h"
#include "record/stack_walk.h"
#include "record/take_lock.h"
#include "shim/shim.h"
#include "stacks/rule_cache.h"
#include "threads/task.h"
#include "unwind/cfi.h"
#include "unwind/elf_image.h"
#include "vma/vm_flags.h"

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
		rule_cache_keep_code(area->range);
		unwind_cache_add(&rule_cache, at, rule);
	}
	return rule;
}

/* ------------------------------------------------------------------- using the map */

struct map_access {
	struct frame_mark mark;
	bool held_below; /* by a hook of this thread, under the handler that walks */
};

/* A handler on top of a handler may find it set; one that jumped out leaves it to another hold. */
static uint64_t accessed_in;

/*
 * With the lock, or on top of a hook of this thread's own that has it and waits for
 * the kernel. False: it can't be had; nobody waits for it more than once in a walk.
 */
static bool begin_access(struct map_access *access)
{
	uint64_t hold;

	access->held_below = take_lock_is_held_below(&hold);
	if (!access->held_below)
		return session_lock(&access->mark, TAKE_LOCK_DEFER);
	return __atomic_exchange_n(&accessed_in, hold, __ATOMIC_RELAXED) != hold;
}

static void end_access(struct map_access *access)
{
	if (access->held_below)
		__atomic_store_n(&accessed_in, 0, __ATOMIC_RELAXED);
	else
		session_unlock(&access->mark);
}

static uint64_t rule_from_map(void *context, uint64_t at)
{
	struct map_access access;
	uint64_t rule;

	(void)context;
	if (!begin_access(&access))
		return 0;
	rule = unwind_cache_find(&rule_cache, at);
	if (rule == 0)
		rule = find_rule(at);
	end_access(&access);
	return rule;
}

static bool is_code_in_map(void *context, uint64_t at)
{
	const struct memory_area *area;
	struct map_access access;
	bool is_code;

	(void)context;
	if (!begin_access(&access))
		return false;
	area = memory_set_find(map.space.set, at);
	is_code = area != NULL && (area->flags & VM_EXEC);
	end_access(&access);
	return is_code;
}

/* -------------------------------------------------------------------- stacks */

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

/* A handler on top of this may do the same: the entry counts when it has a generation again. */
static void remember_stack(struct thread *self, struct addr_range stack)
{
	struct known_stack *entry =
		&self->known_stack[self->known_stack_turn++ % THREAD_KNOWN_STACKS];

	if (self == &thread_nobody)
		return;
	entry->generation = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	entry->start = stack.start;
	entry->end = stack.end;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	entry->generation = rule_cache_stacks_generation();
}

static struct addr_range stack_from_map(struct thread *self, uint64_t sp)
{
	struct addr_range stack = { 0, 0 };
	struct map_access access;

	if (!begin_access(&access))
		return UNWIND_STACK_BUSY;
	if (find_stack(sp, &stack)) {
		rule_cache_keep_stack(stack);
		remember_stack(self, stack);
	}
	end_access(&access);
	return stack;
}

static struct addr_range find_known_stack(void *context, uint64_t sp)
{
	uint64_t generation = rule_cache_stacks_generation();
	struct thread *self = task_self();

	(void)context;
	for (unsigned i = 0; i < THREAD_KNOWN_STACKS; i++) {
		const struct known_stack *known = &self->known_stack[i];

		/* Of a generation that is over nothing is known. */
		if (known->generation == generation && sp >= known->start && sp < known->end)
			return (struct addr_range){ known->start, known->end };
	}
	return stack_from_map(self, sp);
}

const struct unwind_host stack_walk_host = {
	.rule = rule_from_map,
	.stack = find_known_stack,
	.is_code = is_code_in_map,
	.first_sp = &map.space.start_stack,
	.cache = &rule_cache,
};

void stack_walk_take(struct unwind_trace *trace, const struct unwind_regs *regs)
{
	trace->n = 0;
	if (likely(shim.options.stack == OPTION_STACK_UNWIND))
		unwind_walk(trace, regs, false, &stack_walk_host);
	else if (shim.options.stack == OPTION_STACK_FP)
		unwind_walk_frame_pointers(trace, regs, &stack_walk_host);
}
