/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_THREAD_TABLE_H
#define PRELOAD_THREAD_TABLE_H

/*
 * thread_table - what the shim knows of each thread of the program
 *
 * The shim has no thread-local storage: it shall also live in programs without this libc,
 * or without any. So it keeps a table of its own, in .bss, of which a page is touched when
 * a thread needs it. A thread's entry is found by its thread pointer (the fs base on
 * x86-64, tpidr_el0 on aarch64) and its id:
 *
 *     thread pointer --hash--> [ . . . a window of 16 entries . . . ]
 *                                  entry: { id, thread pointer, fields }
 *
 * A thread pointer alone tells nobody who is calling: a libc keeps the memory of a
 * thread that has ended and gives it to a new one, and two may run on the same. Only
 * the kernel knows, but a system call for each lookup is too dear. So an entry may be
 * "verified":
 *
 *   - The caller's thread id, from gettid(2), was found in a word at a fixed distance
 *     from the thread pointer, and the kernel said (PR_GET_TID_ADDRESS) that this is
 *     the very word that it sets to 0 when this thread ends.
 *   - From then on an entry is the caller's when the thread pointer is the same and the
 *     word still holds the entry's id: the thread has not ended, or it would be 0. Its
 *     memory's next owner has its own id there, or 0. These are two loads and no call.
 *
 * Who calls and has no verified entry asks by gettid(2), each time, and is right each
 * time: a thread made by hand without such a word, one with a thread pointer of 0, a
 * fork child of clone(2) itself (its word is its parent's), and everybody where the
 * thread pointer can't be read by an instruction (x86-64 before Linux 5.9: reading fs:0
 * could fault, or find a copy), or where a libc keeps the word elsewhere (musl).
 *
 * Two on one thread pointer. A vfork child, and any child made with CLONE_VM but
 * without CLONE_SETTLS, finds its parent's thread pointer, and there its parent's word.
 * So whoever is about to make such a child has its entry marked as shared: then both
 * ask, and the child gets an entry of its own. A parent that waits for its child is
 * verified again when it comes back. The same is done with an entry on whose memory a
 * new thread is put by hand while the word was left as it was.
 *
 * What is not noticed: such a child where the call sites are not watched (sites=off). It is
 * taken for its parent, and the lock asks once more before it believes that (take_lock.c).
 * There, too, nobody notices when the memory that a verified thread had is unmapped, and
 * the same address, with less than the word's distance mapped above it, becomes the
 * thread pointer of a thread made by hand: its word can't be read.
 *
 * Signals. A handler may come at any instruction of a lookup and look up, too. An entry
 * shows when its id does, which is written last; entries are never given up, only taken
 * over by somebody else, when their thread has ended. All who enter one block signals. In a
 * confined process they can't, and take none over: then a handler may have a second
 * entry, which is found no more.
 *
 * Entries are taken over: on the same thread pointer, when the word says that the owner has
 * ended; and when a window is full, from whoever the kernel says is gone. A fork child has
 * one thread: its entry, found by the thread pointer, gets the child's id, and all others
 * are of a generation that is over. When a window is full of living threads, the caller gets
 * thread_nobody. It has no place to keep anything, and every field has a value with which
 * that is right: alternate stacks are asked for, ids too, and nothing is remembered.
 */

#include <stdbool.h>
#include <stdint.h>

#define THREAD_TABLE_BITS 13
#define THREAD_TABLE_SIZE (1u << THREAD_TABLE_BITS)
#define THREAD_WINDOW	  16

struct frame_mark;

/* An alternate signal stack that is small; @size is 0 when there is none. */
struct small_stack {
	uintptr_t start;
	uintptr_t size;
};

/*
 * A range around a stack pointer that a thread may read. Valid while @generation is the present one
 * (stacks/rule_cache.h).
 */
struct known_stack {
	uint64_t generation;
	uint64_t start;
	uint64_t end;
};

#define THREAD_KNOWN_STACKS 2 /* its own, and an alternate one */

/*
 * The entry of one thread. All fields but the first two belong to that thread; a signal
 * handler of the thread may change any of them at any time.
 *
 * @id:      0: free. Below, the thread's id; above, enum thread_state, and from bit 40 on
 *           the process's generation
 * @pointer: the thread pointer
 * @mark:    lock.c: of the hold that the thread has, or tries to get
 * @stack_said: thread_stack.c: the segment of the ledger that says where its stack is
 * @alt_stack_turn: alt_stack.c: when it was asked whether it has an alternate stack
 * @n_asked: how often its id was asked for
 */
struct thread {
	uint64_t id;
	uint64_t pointer;
	struct frame_mark *volatile mark;
	uint64_t stack_said;
	struct small_stack small_stack;
	uint32_t alt_stack_turn;
	uint32_t n_asked;
	struct known_stack known_stack[THREAD_KNOWN_STACKS];
	uint8_t known_stack_turn;
} __attribute__((aligned(128)));

enum thread_state {
	THREAD_VERIFIED = 1 << 0,
	THREAD_SHARED = 1 << 1,		 /* until its owner looks it up again */
	THREAD_SHARED_FOR_GOOD = 1 << 2, /* the owner can't know when it has it alone */
	THREAD_FILLING = 1 << 3,	 /* nobody's yet */
};

/* All entries, found by thread_at(). */
extern struct thread thread_table[THREAD_TABLE_SIZE] __attribute__((visibility("hidden")));
/* Stands for all callers that the table has no room for. The id of this entry is 0: ask. */
extern struct thread thread_nobody __attribute__((visibility("hidden")));

/* The upper half of the id of a verified entry, in this process. */
extern uint32_t thread_verified_state __attribute__((visibility("hidden")));
/* The distance from the thread pointer to the word that holds a thread's id; 0: not known. */
extern int64_t thread_word_offset __attribute__((visibility("hidden")));

/* Has the thread ended, or left this address space? False when that can't be known. */
typedef bool (*thread_gone_fn)(uint32_t tid);

/* The entry @i, below THREAD_WINDOW, of the window that a thread pointer hashes to. */
static inline struct thread *thread_at(uint64_t pointer, unsigned i)
{
	uint64_t place = pointer * 0x9e3779b97f4a7c15ULL >> (64 - THREAD_TABLE_BITS);

	return &thread_table[(place + i) % THREAD_TABLE_SIZE];
}

/* Reads the word that holds the id of a verified entry's thread. */
static inline uint32_t thread_word(uint64_t pointer)
{
	return __atomic_load_n((const uint32_t *)(uintptr_t)(pointer +
							     (uint64_t)thread_word_offset),
			       __ATOMIC_RELAXED);
}

/* Is this a verified entry, of whoever calls with this thread pointer or of one that has ended? */
static inline bool thread_was_here(const struct thread *thread, uint64_t pointer, uint64_t id)
{
	return id >> 32 == thread_verified_state &&
	       __atomic_load_n(&thread->pointer, __ATOMIC_RELAXED) == pointer;
}

/* Is this the verified entry of whoever calls with this thread pointer? */
static inline bool thread_is_here(const struct thread *thread, uint64_t pointer)
{
	uint64_t id = __atomic_load_n(&thread->id, __ATOMIC_ACQUIRE);

	return thread_was_here(thread, pointer, id) && thread_word(pointer) == (uint32_t)id;
}

/* The caller's verified entry; NULL: there is none, who is calling must be asked. */
struct thread *thread_find_verified(uint64_t pointer);

/* The entry of the caller, who was asked for its id, or NULL. */
struct thread *thread_find(uint64_t pointer, uint32_t tid);

/*
 * The only entry that can be of the thread on this thread pointer, as far as this can be said
 * without gettid(2); or NULL. The first is for a confined process, the second for a fork child,
 * whose entries are those of its parent.
 */
struct thread *thread_find_by_pointer(uint64_t pointer);
struct thread *thread_find_parent(uint64_t pointer);

/*
 * Makes a new entry, filled with zeros, for the caller, who has none and blocks signals. Without
 * @is_gone only an entry with the same thread pointer is taken over. Return: NULL when there is no
 * room. The entry is found from thread_show() on.
 */
struct thread *thread_enter(uint64_t pointer, uint32_t tid, thread_gone_fn is_gone);
void thread_show(struct thread *thread);

/* Marks an entry as verified: the kernel sets the word at @word to 0 when its thread ends. */
void thread_verify(struct thread *thread, uint64_t word);

/*
 * Marks an entry as shared: another task is about to run on the same thread pointer; and undoes it,
 * for THREAD_SHARED: the entry's owner, found by gettid(2), is back.
 */
void thread_share(struct thread *thread, enum thread_state how);
void thread_is_back(struct thread *thread);
/* Marks the entry of this thread pointer as shared: a new thread is about to be put there. */
void thread_is_born(uint64_t pointer);

/*
 * Begins a fork child's generation of entries: the child's only thread had @thread, or NULL, and is
 * now @tid.
 */
void thread_begin_process(struct thread *thread, uint32_t tid);

#endif
