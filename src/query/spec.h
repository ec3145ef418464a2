/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_SPEC_H
#define QUERY_SPEC_H

/*
 * spec - what may be asked for: moments, places, sizes and kinds of events
 *
 * These are questions, before anybody has looked at a ledger. moment.h and place.h
 * find their answers in one; cli/syntax.h reads them from a command line, in the
 * words that are shown here. Strings belong to whoever asks, and must outlive the
 * answer.
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>

/*
 * Which state of the map is meant.
 *
 *     42  #42          after event 42
 *     -10              ten events before the end
 *     start  end       before the first event, after the last
 *     @1.25s  @250ms   so long after the start
 *     main             before the first call that main() made
 *     crash            when the program was killed by a fault
 *     mark:NAME        when the program called ml_mark(NAME), the first time
 */
enum moment_kind {
	MOMENT_END = 0,
	MOMENT_START,
	MOMENT_EVENT,	   /* @value: its number */
	MOMENT_BEFORE_END, /* @value: so many events before the end */
	MOMENT_TIME,	   /* @value: nanoseconds since the start */
	MOMENT_MAIN,
	MOMENT_CRASH,
	MOMENT_MARK, /* @name */
};

struct moment {
	enum moment_kind kind;
	uint64_t value;
	const char *name;
};

/*
 * Which part of the address space is meant.
 *
 *     0x7f12000  0x7f12000-0x7f14000  0x7f12000+8K
 *     [heap]  [stack]  [vdso]     what the kernel's map names so
 *     stack:4243      the stack of a thread
 *     lib:libssl      files whose name begins so: libssl.so.3
 *     path:*.db       files by their path, as a shell would match it
 *     area:31         what event 31 mapped
 *     sym:my_buf      a symbol of any mapped file
 *     fault  pc       where the program crashed: the address, the instruction
 *
 * An address is the page that it lies in, A-B ends before B, A+SIZE begins at A.
 * Addresses are hexadecimal, with or without 0x; the range grows to whole pages.
 */
enum place_kind {
	PLACE_EVERYWHERE = 0,
	PLACE_ADDRESS, /* @range is its page, @value the address */
	PLACE_RANGE,
	PLACE_NAMED,	    /* @text: with its brackets */
	PLACE_THREAD_STACK, /* @value: thread id */
	PLACE_LIBRARY,
	PLACE_PATH,
	PLACE_AREA, /* @value: event */
	PLACE_SYMBOL,
	PLACE_FAULT,
	PLACE_PC,
};

/* @text is part of the argument; @argument is all of it. */
struct place {
	enum place_kind kind;
	struct addr_range range;
	uint64_t value;
	const char *text;
	const char *argument;
};

/*
 * Comparisons of sizes: >=1M, <8K, =4K, 4K (the same), >, <=, and ranges 4K-1M,
 * both ends included.
 */
struct size_range {
	uint64_t min;
	uint64_t max;
};
/*
 * Which events are meant: bit n is enum vm_op n. Words are separated by commas:
 * names of calls, %mem (all that change memory), %process (fork, exec, exit),
 * resync. A `!' before the first word takes the words away instead.
 */
#define CALLS_RESYNC (1u << 31)
#define CALLS_ALL    UINT32_MAX

#endif
