/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mutation.h"
#include "shim/shim.h"
#include "threads/late.h"
#include "threads/task.h"

/* ----------------------------------------------------------------- by who calls */

/* In a mark: not a word of the lock's, whose owner is never 0. */
static uint64_t word_of(uint32_t serial)
{
	return (uint64_t)serial << 32 | 1ULL << 31;
}

/* Whoever waits for a lock in vain fills slot after slot, and takes the lock away in the end. */
#define FOR_OWNERS (0xffULL << 56)

/* One of the slots in @usable. */
static int take(struct late_calls *late, uint64_t usable, uint32_t tid,
		const struct frame_mark *mark, uint64_t word)
{
	uint64_t taken = __atomic_load_n(&late->taken, __ATOMIC_RELAXED);
	struct late_slot *slot;
	int i;

	do {
		if ((~taken & usable) == 0) {
			__atomic_store_n(&late->lost, 1, __ATOMIC_RELEASE);
			return -1;
		}
		i = __builtin_ctzll(~taken & usable);
		slot = &late->slot[i];
	} while (!__atomic_compare_exchange_n(&late->taken, &taken, taken | 1ULL << i, false,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	__atomic_store_n(&slot->word, word, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->call.tid, tid, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->mark, mark, __ATOMIC_RELEASE);
	return i;
}

int late_take(struct late_calls *late, uint32_t tid, struct frame_mark *mark)
{
	mark->word = word_of(__atomic_add_fetch(&late->serial, 1, __ATOMIC_RELAXED));
	mark->outer = NULL;
	return take(late, ~FOR_OWNERS, tid, mark, mark->word);
}

int late_take_for(struct late_calls *late, uint32_t tid, const struct frame_mark *mark,
		  uint64_t word)
{
	return take(late, FOR_OWNERS, tid, mark, word);
}

int late_find(const struct late_calls *late, const struct frame_mark *mark)
{
	uint64_t taken = __atomic_load_n(&late->taken, __ATOMIC_ACQUIRE);

	for (; taken != 0; taken &= taken - 1) {
		int i = __builtin_ctzll(taken);

		if (__atomic_load_n(&late->slot[i].mark, __ATOMIC_ACQUIRE) == mark &&
		    __atomic_load_n(&late->slot[i].word, __ATOMIC_RELAXED) == mark->word)
			return i;
	}
	return -1;
}

static void keep(struct late_slot *slot, const struct vm_call *call,
		 const struct unwind_trace *trace)
{
	slot->call = *call;
	slot->trace = *trace;
	slot->trace.frames = slot->frames;
	for (unsigned i = 0; i < trace->n; i++)
		slot->frames[i] = trace->frames[i];
}

void late_made(struct late_calls *late, int slot, const struct vm_call *call,
	       const struct unwind_trace *trace)
{
	if (slot < 0) {
		__atomic_store_n(&late->lost, 1, __ATOMIC_RELEASE);
		return;
	}
	keep(&late->slot[slot], call, trace);
	__atomic_fetch_or(&late->ready, 1ULL << slot, __ATOMIC_RELEASE);
}

void late_leaving(struct late_calls *late, int slot, const struct vm_call *call,
		  const struct unwind_trace *trace)
{
	if (slot < 0)
		return;
	keep(&late->slot[slot], call, trace);
	__atomic_store_n(&late->slot[slot].leaving, true, __ATOMIC_RELEASE);
}

/* -------------------------------------------------------------- by who has the lock */

static void free_slot(struct late_calls *late, int i)
{
	late->slot[i].mark = NULL;
	late->slot[i].leaving = false;
	__atomic_fetch_and(&late->ready, ~(1ULL << i), __ATOMIC_RELAXED);
	__atomic_fetch_and(&late->taken, ~(1ULL << i), __ATOMIC_RELEASE);
}

/* Of those that are ready; the order among them is that of their beginnings. */
static int oldest(const struct late_calls *late, uint64_t ready)
{
	int found = __builtin_ctzll(ready);

	for (ready &= ready - 1; ready != 0; ready &= ready - 1) {
		int i = __builtin_ctzll(ready);

		if (late->slot[i].call.ticks < late->slot[found].call.ticks)
			found = i;
	}
	return found;
}

void late_give_back(struct late_calls *late, int slot)
{
	if (slot >= 0)
		free_slot(late, slot);
}

/* Was the call's frame left, so that nobody will say what became of it? */
static bool was_left(const struct late_slot *slot, const struct frame_mark *mark, uint32_t tid,
		     const struct frame_mark *mine)
{
	if (mark == NULL)
		return false;
	if (tid == task_tid())
		return mine != NULL && frame_was_left(mark, slot->word, mine);
	return frame_is_lost(mark, slot->word) || task_is_gone(tid);
}

/*
 * One that was left by its thread, or whose thread left for good as it said. Whoever takes a
 * slot writes the mark last: before there is one, the id may be nobody's, who is gone.
 */
static void look_at(struct late_calls *late, int i, const struct frame_mark *mine)
{
	struct late_slot *slot = &late->slot[i];
	const struct frame_mark *mark = __atomic_load_n(&slot->mark, __ATOMIC_ACQUIRE);
	uint32_t tid = __atomic_load_n(&slot->call.tid, __ATOMIC_RELAXED);

	if (ML_MUTATED(SLOT_READ_EARLY))
		mark = __atomic_load_n(&slot->mark, __ATOMIC_ACQUIRE);
	if (__atomic_load_n(&slot->leaving, __ATOMIC_ACQUIRE)) {
		if (tid == task_tid() || task_is_gone(tid))
			__atomic_fetch_or(&late->ready, 1ULL << i, __ATOMIC_RELEASE);
		return;
	}
	/* One that was made since we looked has left its frame, too: it is ready then. */
	if (!was_left(slot, mark, tid, mine) ||
	    (__atomic_load_n(&late->ready, __ATOMIC_ACQUIRE) & 1ULL << i))
		return;
	free_slot(late, i);
	__atomic_store_n(&late->lost, 1, __ATOMIC_RELEASE);
}

void late_give_up_left(struct late_calls *late, const struct frame_mark *mine)
{
	uint64_t waiting = __atomic_load_n(&late->taken, __ATOMIC_ACQUIRE) &
			   ~__atomic_load_n(&late->ready, __ATOMIC_ACQUIRE);

	for (; waiting != 0 && !shim.confined; waiting &= waiting - 1)
		look_at(late, __builtin_ctzll(waiting), mine);
}

int late_next_ready(const struct late_calls *late)
{
	uint64_t ready = __atomic_load_n(&late->ready, __ATOMIC_ACQUIRE);

	return ready == 0 ? -1 : oldest(late, ready);
}

bool late_take_lost(struct late_calls *late)
{
	return __atomic_exchange_n(&late->lost, 0, __ATOMIC_ACQ_REL) != 0;
}
