/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_TASK_H
#define PRELOAD_TASK_H

/*
 * task - which thread is calling, and has a thread ended?
 *
 * Each hook looks its thread up once, in the table of threads (thread_table.h says when that
 * takes a system call), and hands the entry on. The id of a thread is in its entry; it
 * changes there in a fork child.
 */

#include <stdbool.h>
#include <stdint.h>
#include "threads/thread_table.h"

/* Can the thread pointer be read by an instruction that is valid whatever it is? */
extern bool task_reads_pointer __attribute__((visibility("hidden")));

/* Finds out how the thread pointer is read, before main(). */
void task_start(char **envp);

/*
 * Reads the thread pointer, where task_reads_pointer is true. Volatile: the instruction may not
 * move in front of that question.
 */
static inline uint64_t task_pointer(void)
{
	uint64_t pointer;

#if defined(__x86_64__)
	__asm__ volatile("rdfsbase %0" : "=r"(pointer));
#else
	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(pointer));
#endif
	return pointer;
}

/* The entry of the calling thread, found by a system call if need be; else thread_nobody. */
struct thread *task_ask(void);

/*
 * The entry of the calling thread; thread_nobody when there is no room for one. The entry
 * stays the caller's until the thread ends, also in a fork child.
 */
static inline struct thread *task_self(void)
{
	if (__builtin_expect(task_reads_pointer, 1)) {
		uint64_t pointer = task_pointer();
		struct thread *thread = thread_at(pointer, 0);

		if (__builtin_expect(thread_is_here(thread, pointer), 1))
			return thread;
	}
	return task_ask();
}

/* The caller's id, for callers that have no entry. */
uint32_t task_tid_of_nobody(void);

/* The kernel's id of the caller, whose entry is @self. */
static inline uint32_t task_tid_of(const struct thread *self)
{
	uint32_t tid = (uint32_t)__atomic_load_n(&self->id, __ATOMIC_RELAXED);

	return __builtin_expect(tid != 0, 1) ? tid : task_tid_of_nobody();
}

/* The kernel's id of the caller. */
static inline uint32_t task_tid(void)
{
	return task_tid_of(task_self());
}

/*
 * The kernel's id of the caller, from gettid(2): for when the id must not be wrong. Not in a
 * confined process.
 */
uint32_t task_tid_asked(void);

enum task_parent {
	TASK_PARENT_WAITS, /* until the child has gone: vfork */
	TASK_PARENT_RUNS,  /* beside the child, on the same thread pointer */
};

/*
 * Marks the caller's entry as shared, just before the caller makes a child on the same memory and
 * thread pointer.
 */
void task_shares_pointer(enum task_parent parent);
/* Gives the entry of a fork child's thread its new id, and forgets all other entries. */
void task_forget(void);

/*
 * Has the thread @tid left this address space, because it has ended or executes another program?
 * False when that can't be known.
 */
bool task_is_gone(uint32_t tid);

#endif
