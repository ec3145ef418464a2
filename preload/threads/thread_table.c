/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include "base/mutation.h"
#include "threads/thread_table.h"

/* A libc's word is inside the structure that the thread pointer points to, or in front of it. */
#define WORD_DISTANCE_MAX 8192

#define FLAGS		  0xffu
#define SHARED		  (THREAD_SHARED | THREAD_SHARED_FOR_GOOD)

struct thread thread_table[THREAD_TABLE_SIZE];
/* On whatever stack it is, it has to be looked at: small_stack_leave(). */
struct thread thread_nobody = { .small_stack = { 0, UINTPTR_MAX } };
uint32_t thread_verified_state = THREAD_VERIFIED;
int64_t thread_word_offset;

static uint64_t id_of(uint32_t tid, uint32_t state)
{
	return (uint64_t)((thread_verified_state & ~FLAGS) | state) << 32 | tid;
}

static uint32_t tid_of(uint64_t id)
{
	return (uint32_t)id;
}

static uint32_t state_of(uint64_t id)
{
	return (uint32_t)(id >> 32);
}

static bool is_of_this_process(uint64_t id)
{
	return id != 0 && ((state_of(id) ^ thread_verified_state) & ~FLAGS) == 0;
}

/* Of an entry that is somebody's; else 0. */
static uint64_t read_id(const struct thread *thread)
{
	uint64_t id = __atomic_load_n(&thread->id, __ATOMIC_ACQUIRE);

	return is_of_this_process(id) && !(state_of(id) & THREAD_FILLING) ? id : 0;
}

static bool is_on(const struct thread *thread, uint64_t pointer)
{
	return __atomic_load_n(&thread->pointer, __ATOMIC_RELAXED) == pointer;
}

/* ------------------------------------------------------------------- finding */

struct thread *thread_find_verified(uint64_t pointer)
{
	for (unsigned i = 0; i < THREAD_WINDOW; i++) {
		struct thread *thread = thread_at(pointer, i);

		if (thread_is_here(thread, pointer) ||
		    (ML_MUTATED(THREAD_REUSED_UNNOTICED) &&
		     thread_was_here(thread, pointer, thread->id)))
			return thread;
	}
	return NULL;
}

struct thread *thread_find(uint64_t pointer, uint32_t tid)
{
	for (unsigned i = 0; i < THREAD_WINDOW; i++) {
		struct thread *thread = thread_at(pointer, i);
		uint64_t id = read_id(thread);

		if (id != 0 && tid_of(id) == tid && is_on(thread, pointer))
			return thread;
	}
	return NULL;
}

/* Who shares its thread pointer is what it was; a word that says something else tells more. */
struct thread *thread_find_by_pointer(uint64_t pointer)
{
	for (unsigned i = 0; i < THREAD_WINDOW; i++) {
		struct thread *thread = thread_at(pointer, i);
		uint64_t id = read_id(thread);

		if (id != 0 && is_on(thread, pointer) &&
		    (!(state_of(id) & THREAD_VERIFIED) || thread_word(pointer) == tid_of(id)))
			return thread;
	}
	return NULL;
}

/* The word may be the child's already. Of several that were not verified, any may be it. */
struct thread *thread_find_parent(uint64_t pointer)
{
	struct thread *found = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < THREAD_WINDOW; i++) {
		struct thread *thread = thread_at(pointer, i);
		uint64_t id = read_id(thread);

		if (id == 0 || !is_on(thread, pointer))
			continue;
		if (state_of(id) & SHARED)
			return NULL;
		if (state_of(id) & THREAD_VERIFIED)
			return thread;
		found = thread;
		n++;
	}
	return n == 1 ? found : NULL;
}

/* ------------------------------------------------------------------ entering */

static bool take(struct thread *thread, uint64_t id, uint32_t tid)
{
	return __atomic_compare_exchange_n(&thread->id, &id, id_of(tid, THREAD_FILLING), false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Has the owner of an entry on the caller's own thread pointer ended? */
static bool has_left(uint64_t id, uint64_t pointer, thread_gone_fn is_gone)
{
	if (!is_of_this_process(id))
		return true;
	if (state_of(id) & THREAD_VERIFIED)
		return thread_word(pointer) != tid_of(id);
	return is_gone != NULL && is_gone(tid_of(id));
}

static struct thread *take_same_pointer(uint64_t pointer, uint32_t tid, thread_gone_fn is_gone)
{
	for (unsigned i = 0; i < THREAD_WINDOW; i++) {
		struct thread *thread = thread_at(pointer, i);
		uint64_t id = __atomic_load_n(&thread->id, __ATOMIC_ACQUIRE);

		if (id != 0 && is_on(thread, pointer) && has_left(id, pointer, is_gone) &&
		    take(thread, id, tid))
			return thread;
	}
	return NULL;
}

static struct thread *take_free(uint64_t pointer, uint32_t tid)
{
	for (unsigned i = 0; i < THREAD_WINDOW; i++) {
		struct thread *thread = thread_at(pointer, i);

		if (__atomic_load_n(&thread->id, __ATOMIC_RELAXED) == 0 && take(thread, 0, tid))
			return thread;
	}
	return NULL;
}

static struct thread *take_gone(uint64_t pointer, uint32_t tid, thread_gone_fn is_gone)
{
	for (unsigned i = 0; i < THREAD_WINDOW; i++) {
		struct thread *thread = thread_at(pointer, i);
		uint64_t id = __atomic_load_n(&thread->id, __ATOMIC_RELAXED);

		if ((!is_of_this_process(id) || (is_gone != NULL && is_gone(tid_of(id)))) &&
		    take(thread, id, tid))
			return thread;
	}
	return NULL;
}

static void fill(struct thread *thread, uint64_t pointer)
{
	__atomic_store_n(&thread->pointer, pointer, __ATOMIC_RELAXED);
	thread->mark = NULL;
	thread->stack_said = 0;
	thread->small_stack = (struct small_stack){ 0, 0 };
	thread->alt_stack_turn = 0;
	thread->n_asked = 0;
	thread->known_stack_turn = 0;
	for (unsigned i = 0; i < THREAD_KNOWN_STACKS; i++)
		thread->known_stack[i] = (struct known_stack){ 0, 0, 0 };
}

/* A child on its parent's stack is where its parent is, and has what its parent has. */
static void inherit(struct thread *thread, uint64_t pointer)
{
	for (unsigned i = 0; i < THREAD_WINDOW; i++) {
		const struct thread *parent = thread_at(pointer, i);

		if (!(state_of(read_id(parent)) & SHARED) || !is_on(parent, pointer))
			continue;
		thread->stack_said = parent->stack_said;
		thread->alt_stack_turn = parent->alt_stack_turn;
		return;
	}
}

struct thread *thread_enter(uint64_t pointer, uint32_t tid, thread_gone_fn is_gone)
{
	struct thread *thread = take_same_pointer(pointer, tid, is_gone);

	if (thread == NULL)
		thread = take_free(pointer, tid);
	if (thread == NULL)
		thread = take_gone(pointer, tid, is_gone);
	if (thread == NULL)
		return NULL;
	fill(thread, pointer);
	inherit(thread, pointer);
	return thread;
}

void thread_show(struct thread *thread)
{
	__atomic_store_n(&thread->id, id_of(tid_of(thread->id), 0), __ATOMIC_RELEASE);
}

/* ------------------------------------------------------------------ changing */

static void add(struct thread *thread, uint32_t state)
{
	__atomic_fetch_or(&thread->id, (uint64_t)state << 32, __ATOMIC_RELEASE);
}

void thread_verify(struct thread *thread, uint64_t word)
{
	int64_t offset = (int64_t)(word - thread->pointer), none = 0;

	if (offset == 0 || offset > WORD_DISTANCE_MAX || offset < -WORD_DISTANCE_MAX)
		return;
	__atomic_compare_exchange_n(&thread_word_offset, &none, offset, false, __ATOMIC_RELEASE,
				    __ATOMIC_RELAXED);
	if (thread_word_offset == offset && !(state_of(thread->id) & SHARED))
		add(thread, THREAD_VERIFIED);
}

void thread_share(struct thread *thread, enum thread_state how)
{
	if (thread != &thread_nobody)
		add(thread, how);
}

void thread_is_back(struct thread *thread)
{
	__atomic_fetch_and(&thread->id, ~((uint64_t)THREAD_SHARED << 32), __ATOMIC_RELEASE);
}

/* The kernel has cleared the word of whoever has ended, but in memory that was made to hold it. */
void thread_is_born(uint64_t pointer)
{
	for (unsigned i = 0; i < THREAD_WINDOW; i++)
		if (thread_is_here(thread_at(pointer, i), pointer))
			add(thread_at(pointer, i), THREAD_SHARED_FOR_GOOD);
}

void thread_begin_process(struct thread *thread, uint32_t tid)
{
	thread_verified_state += FLAGS + 1;
	if (thread != NULL)
		__atomic_store_n(&thread->id, id_of(tid, 0), __ATOMIC_RELEASE);
}
