/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_INTERLEAVINGS_STEPS_H
#define TESTS_INTERLEAVINGS_STEPS_H

/*
 * steps - each atomic operation of what is compiled behind this is a step of the schedule
 *
 * A name that a macro has of itself is not replaced again, so below the builtins are meant.
 */

#include "base/sys.h"
#include "schedule.h"

#define STEP(kind, what, value)                                                                    \
	__extension__({                                                                            \
		schedule_step(kind, what);                                                         \
		__typeof__(value) value_ = (value);                                                \
		schedule_saw((uint64_t)(uintptr_t)value_);                                         \
		value_;                                                                            \
	})

#define __atomic_load_n(at, order) STEP(STEP_READS, "load " #at, __atomic_load_n(at, order))
#define __atomic_store_n(at, value, order)                                                         \
	__extension__({                                                                            \
		schedule_step(STEP_WRITES, "store " #at);                                          \
		__atomic_store_n(at, value, order);                                                \
	})
#define __atomic_compare_exchange_n(at, old, value, weak, order, order_failed)                     \
	STEP(STEP_WRITES, "exchange " #at,                                                         \
	     __atomic_compare_exchange_n(at, old, value, weak, order, order_failed))
#define __atomic_exchange_n(at, value, order)                                                      \
	STEP(STEP_WRITES, "exchange " #at, __atomic_exchange_n(at, value, order))
#define __atomic_fetch_add(at, value, order)                                                       \
	STEP(STEP_WRITES, "add to " #at, __atomic_fetch_add(at, value, order))
#define __atomic_add_fetch(at, value, order)                                                       \
	STEP(STEP_WRITES, "add to " #at, __atomic_add_fetch(at, value, order))
#define __atomic_fetch_or(at, value, order)                                                        \
	STEP(STEP_WRITES, "or in " #at, __atomic_fetch_or(at, value, order))
#define __atomic_fetch_and(at, value, order)                                                       \
	STEP(STEP_WRITES, "and in " #at, __atomic_fetch_and(at, value, order))

/* Waiting is the schedule's; frame.c compares a word, which the kernel does. */
#define sys_futex(word, op, value, timeout) ((void)(timeout), schedule_futex(word, op, value))
#define sys_call6(nr, a, b, c, d, e, f)                                                            \
	STEP(STEP_READS, "compare a word of a frame", sys_call6(nr, a, b, c, d, e, f))
#define sys_compare_word(at, word)                                                                 \
	STEP(STEP_READS, "compare a word of a frame", sys_compare_word(at, word))

#define __builtin_ia32_pause() schedule_pause()

#endif
