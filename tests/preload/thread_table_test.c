/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests the table of threads, with made-up threads: blocks of memory as threads have, with a
 * word that holds an id.
 */

#include <criterion/criterion.h>
#include <string.h>
#include "threads/thread_table.h"

#define WORD_OFFSET 720
#define BLOCKS	    64

static _Alignas(4096) unsigned char blocks[BLOCKS][1024];
static uint32_t gone_below; /* ids */

static uint64_t pointer_of(unsigned block)
{
	return (uintptr_t)blocks[block];
}

static uint64_t word_of(unsigned block)
{
	return pointer_of(block) + WORD_OFFSET;
}

/* By the kernel: at a thread's birth, and, with 0, at its end. */
static void write_word(unsigned block, uint32_t id)
{
	memcpy((void *)(uintptr_t)word_of(block), &id, sizeof(id));
}

static bool is_gone(uint32_t tid)
{
	return tid < gone_below;
}

static bool nobody_is_gone(uint32_t tid)
{
	(void)tid;
	return false;
}

/* As whoever asks the kernel does it. */
static struct thread *meet(uint64_t pointer, uint32_t tid, thread_gone_fn gone)
{
	struct thread *thread = thread_find(pointer, tid);

	if (thread != NULL)
		return thread;
	thread = thread_enter(pointer, tid, gone);
	if (thread != NULL)
		thread_show(thread);
	return thread;
}

static struct thread *meet_verified(unsigned block, uint32_t tid)
{
	struct thread *thread;

	write_word(block, tid);
	thread = meet(pointer_of(block), tid, is_gone);
	thread_verify(thread, word_of(block));
	return thread;
}

Test(thread_table, a_verified_thread_is_found_without_asking)
{
	struct thread *thread = meet_verified(0, 100);

	cr_assert_eq(thread_find_verified(pointer_of(0)), thread);
	cr_assert_null(thread_find_verified(pointer_of(1)));
}

Test(thread_table, who_is_not_verified_is_asked)
{
	struct thread *thread = meet(pointer_of(0), 100, is_gone);

	cr_assert_null(thread_find_verified(pointer_of(0)));
	cr_assert_eq(thread_find(pointer_of(0), 100), thread);
	cr_assert_null(thread_find(pointer_of(0), 101));
}

Test(thread_table, a_word_that_is_far_away_or_elsewhere_proves_nothing)
{
	struct thread *thread = meet(pointer_of(0), 100, is_gone);

	thread_verify(thread, pointer_of(0) + (1 << 20));
	cr_assert_null(thread_find_verified(pointer_of(0)));
	cr_assert_eq(thread_word_offset, 0);
	meet_verified(1, 101);
	write_word(0, 100);
	thread_verify(thread, word_of(0) + 8);
	cr_assert_null(thread_find_verified(pointer_of(0)));
}

Test(thread_table, an_entry_that_is_not_shown_is_nobodys)
{
	struct thread *thread = thread_enter(pointer_of(0), 100, is_gone);

	cr_assert_null(thread_find(pointer_of(0), 100));
	thread_show(thread);
	cr_assert_eq(thread_find(pointer_of(0), 100), thread);
}

Test(thread_table, a_handler_that_enters_first_is_found_by_what_it_interrupted)
{
	struct thread *interrupted = thread_enter(pointer_of(0), 100, NULL);
	struct thread *handlers = meet(pointer_of(0), 100, NULL);

	cr_assert_neq(interrupted, handlers);
	thread_show(interrupted);
	cr_assert_eq(thread_find(pointer_of(0), 100), thread_find(pointer_of(0), 100));
}

Test(thread_table, a_new_thread_on_the_memory_of_one_that_has_ended_knows_nothing)
{
	struct thread *old = meet_verified(0, 100), *new;

	old->stack_said = 7;
	old->alt_stack_turn = 1;
	old->mark = (void *)old;
	old->small_stack.size = 2048;
	write_word(0, 0);
	cr_assert_null(thread_find_verified(pointer_of(0)), "between two threads it is nobody's");
	write_word(0, 200);
	cr_assert_null(thread_find_verified(pointer_of(0)));
	new = meet(pointer_of(0), 200, nobody_is_gone);
	cr_assert_eq(new, old, "what the word says is enough to take it over");
	cr_assert_eq((uint32_t) new->id, 200u);
	cr_assert_eq(new->stack_said, 0u);
	cr_assert_eq(new->alt_stack_turn, 0u);
	cr_assert_eq(new->small_stack.size, 0u);
	cr_assert_null(new->mark);
}

Test(thread_table, ten_thousand_threads_on_few_blocks)
{
	for (uint32_t tid = 1; tid <= 10000; tid++) {
		struct thread *thread = meet_verified(tid % BLOCKS, tid);

		cr_assert_eq((uint32_t)thread->id, tid);
		cr_assert_eq(thread_find_verified(pointer_of(tid % BLOCKS)), thread);
		cr_assert_eq(thread->stack_said, 0u);
		thread->stack_said = tid;
		if (tid % 3 == 0)
			write_word(tid % BLOCKS, 0);
	}
}

Test(thread_table, parent_and_vfork_child_are_two)
{
	struct thread *parent = meet_verified(0, 100), *child;

	parent->stack_said = 5;
	thread_share(parent, THREAD_SHARED);
	cr_assert_null(thread_find_verified(pointer_of(0)), "both ask");
	child = meet(pointer_of(0), 101, is_gone);
	cr_assert_neq(child, parent);
	cr_assert_eq(child->stack_said, 5u);
	thread_verify(child, 0);
	cr_assert_eq(thread_find(pointer_of(0), 100), parent);
	thread_is_back(parent);
	cr_assert_eq(thread_find_verified(pointer_of(0)), parent);
}

Test(thread_table, beside_a_child_that_runs_on_both_ask_for_ever)
{
	struct thread *parent = meet_verified(0, 100);

	thread_share(parent, THREAD_SHARED_FOR_GOOD);
	thread_is_back(parent);
	thread_verify(parent, word_of(0));
	cr_assert_null(thread_find_verified(pointer_of(0)));
}

Test(thread_table, a_thread_put_on_a_block_whose_word_was_left_is_asked)
{
	meet_verified(0, 100);
	thread_is_born(pointer_of(0));
	cr_assert_null(thread_find_verified(pointer_of(0)));
}

Test(thread_table, a_full_window_has_room_again_when_somebody_has_gone)
{
	struct thread *last;

	for (uint32_t tid = 100; tid < 100 + THREAD_WINDOW; tid++)
		cr_assert_not_null(meet(pointer_of(0), tid, nobody_is_gone));
	cr_assert_null(meet(pointer_of(0), 200, nobody_is_gone));
	cr_assert_null(meet(pointer_of(0), 200, NULL), "a confined process takes none over");
	gone_below = 101;
	last = meet(pointer_of(0), 200, is_gone);
	cr_assert_not_null(last);
	cr_assert_null(thread_find(pointer_of(0), 100));
	cr_assert_not_null(thread_find(pointer_of(0), 101));
}

Test(thread_table, a_full_table_has_room_for_nobody_and_harms_nobody)
{
	unsigned n = 0;

	for (uint64_t i = 1; i <= 4ULL * THREAD_TABLE_SIZE; i++)
		n += meet(i << 12, (uint32_t)i, nobody_is_gone) != NULL;
	cr_assert_eq(n, THREAD_TABLE_SIZE);
	for (uint64_t i = 1; i <= 4ULL * THREAD_TABLE_SIZE; i++) {
		struct thread *thread = thread_find(i << 12, (uint32_t)i);

		cr_assert(thread == NULL || (uint32_t)thread->id == i);
		n -= thread != NULL;
	}
	cr_assert_eq(n, 0u);
}

Test(thread_table, in_a_fork_child_the_thread_that_forked_goes_on_and_others_are_no_more)
{
	struct thread *parent = meet_verified(0, 100);

	meet_verified(1, 101);
	parent->small_stack.size = 2048;
	write_word(0, 500);
	cr_assert_null(thread_find_verified(pointer_of(0)));
	cr_assert_eq(thread_find_parent(pointer_of(0)), parent);
	thread_begin_process(parent, 500);
	cr_assert_eq(thread_find(pointer_of(0), 500), parent);
	cr_assert_eq(parent->small_stack.size, 2048u);
	cr_assert_null(thread_find_verified(pointer_of(0)), "to be verified anew");
	thread_verify(parent, word_of(0));
	cr_assert_eq(thread_find_verified(pointer_of(0)), parent);
	cr_assert_null(thread_find_verified(pointer_of(1)));
	cr_assert_null(thread_find(pointer_of(1), 101));
}

Test(thread_table, who_forked_is_not_guessed)
{
	cr_assert_null(thread_find_parent(pointer_of(0)));
	meet(pointer_of(0), 100, nobody_is_gone);
	cr_assert_not_null(thread_find_parent(pointer_of(0)));
	meet(pointer_of(0), 101, nobody_is_gone);
	cr_assert_null(thread_find_parent(pointer_of(0)), "either may have");
	thread_share(meet_verified(1, 102), THREAD_SHARED);
	cr_assert_null(thread_find_parent(pointer_of(1)), "it, or its child");
}

Test(thread_table, a_confined_process_goes_by_the_pointer_but_believes_the_word)
{
	struct thread *by_hand = meet(pointer_of(0), 100, NULL);

	meet_verified(1, 101);
	cr_assert_eq(thread_find_by_pointer(pointer_of(0)), by_hand);
	cr_assert_not_null(thread_find_by_pointer(pointer_of(1)));
	write_word(1, 102);
	cr_assert_null(thread_find_by_pointer(pointer_of(1)));
}
