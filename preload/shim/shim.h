/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SHIM_H
#define PRELOAD_SHIM_H

/*
 * shim - state that every part of the library inside the program needs
 *
 * Is recording on, what was asked for, which process is this, where does its ledger go. There
 * is one struct shim. Its counters are changed atomically; everything else in it but @live and
 * @fork_mark is touched only by the thread that holds the recorder's lock, or before main().
 *
 * Nothing here calls another room of preload/. What belongs to one room is declared there: the
 * areas and their memory in map/map.h, the lock and the pending calls in record/recorder_state.h.
 *
 * Rules for all code of the shim: no malloc, no stdio, no getenv or dlsym, no errno
 * but in hooks.c, no system call but through base/sys.h, little stack. A failure
 * of ours is counted and never becomes the program's failure.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h> /* memcpy and its like: src/base/freestanding.c */
#include "base/options.h"
#include "base/sys.h"
#include "ledger/ledger_writer.h"

#define EXPORT	    __attribute__((visibility("default")))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct shim {
	bool live;     /* calls are recorded */
	bool confined; /* seccomp is on: make no system call of our own any more */
	bool child;    /* a fork child that has not opened its own ledger yet */
	bool emulated; /* by qemu-user, see is_emulated() */

	/* A page of which fork() gives the child zeros (MADV_WIPEONFORK), however the
	 * child was made: 1 here, 0 in a child that has not noticed yet. */
	volatile uint32_t *fork_mark;

	struct options options;
	struct ledger_writer writer;

	uint32_t pid;
	char **argv;

	/* integrity counters */
	uint64_t n_bypassed;
	uint64_t n_deferred;
	uint64_t n_resyncs;
	uint64_t n_bad_lines; /* of the kernel's map, that could not be read */
};

extern struct shim shim __attribute__((visibility("hidden")));

/* A fork child that has not noticed yet. An emulator makes forks alone, and wipes nothing. */
static inline bool shim_is_new_child(void)
{
	if (__builtin_expect(shim.emulated, 0) && !shim.child && (uint32_t)sys_getpid() != shim.pid)
		*shim.fork_mark = 0;
	return *shim.fork_mark == 0;
}

/* A fork child that has no ledger yet, noticed or not: all here is a copy of its parent's. */
static inline bool shim_not_begun(void)
{
	return shim_is_new_child() || shim.child;
}

/* A child of vfork, or its like: what is written here, its parent will read. */
static inline bool shim_shares_memory(void)
{
	return !shim_not_begun() && (uint32_t)sys_getpid() != shim.pid;
}

/*
 * Blocks all signals for work of many system calls. A signal handler that jumped out in the
 * middle would leave descriptors and memory behind, and, jumping again and again, never let
 * the work end. Too dear for the common path. Return: the mask to put back.
 */
uint64_t shim_block_signals(void);
void shim_restore_signals(uint64_t mask);

/* Copies the counters into the ledger's header, which must be there. */
void shim_write_counters(void);

/* Prints one line to standard error, when MAPLEDGER_OPTIONS has debug=1. */
void shim_debug(const char *what, const char *about);

#endif
