/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SHIM_H
#define PRELOAD_SHIM_H

/*
 * shim - the state of the library that lives inside the program
 *
 * There is one. Everything in it but @live, @fork_mark and the recorder's lock
 * is touched only by the thread that holds the lock, or before main().
 *
 * Rules for all code here: no malloc, no stdio, no getenv or dlsym, no errno
 * but in hooks.c, no system call but through base/sys.h, little stack. A failure
 * of ours is counted and never becomes the program's failure.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h> /* memcpy and its like: src/base/freestanding.c */
#include "base/options.h"
#include "base/page_allocator.h"
#include "base/sys.h"
#include "ledger/ledger_writer.h"
#include "vma/vm_compare.h"
#include "vma/vm_space.h"
#include "record/recorder.h"

#define EXPORT	    __attribute__((visibility("default")))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct shim {
	bool live;	 /* calls are recorded */
	bool sandboxed;	 /* seccomp is on: make no system call of our own any more */
	bool asks_text;	 /* this kernel has no PROCMAP_QUERY */
	bool child;	 /* a fork child that has not opened its own ledger yet */
	bool torn;	 /* ... and whose copy of the set can't be trusted */
	bool unread;	 /* something should have been asked, and the kernel could not be */
	bool intervenes; /* intervene.h: something was asked for */
	bool emulated;	 /* by qemu-user, see is_emulated() */

	/* A page of which fork() gives the child zeros (MADV_WIPEONFORK), however the
	 * child was made: 1 here, 0 in a child that has not noticed yet. */
	volatile uint32_t *fork_mark;

	struct options options;
	struct page_allocator pages;
	struct vm_space space;
	struct recorder recorder;
	struct ledger_writer writer;

	unsigned n_regions_known; /* of @pages, entered in the map */
	uint32_t pid;
	char **argv;

	/* integrity counters */
	uint64_t n_bypassed;
	uint64_t n_deferred;
	uint64_t n_resyncs;
	uint64_t n_bad_lines; /* of the kernel's map, that could not be read */
};

extern struct shim shim;

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
 * For work of many system calls: a signal handler that jumped out in the middle
 * would leave descriptors and memory behind, and, jumping again and again, never
 * let it end. Too dear for the common path. Return: the mask to put back.
 */
uint64_t shim_block_signals(void);
void shim_restore_signals(uint64_t mask);

/* start.c */
void shim_debug(const char *what, const char *about);

/* baseline.c */

/* Everything the kernel has now enters the (empty) set. Return: 0 or -errno. */
int baseline_read(void);
/* Writes the whole set to the ledger, as groups with @reason. */
void baseline_write(struct ledger_writer *writer, unsigned reason);
/* The set can't be trusted: leave it where it is, and begin a new one. With the lock held. */
void baseline_again(void);
/* An empty set in place of one that can't be trusted, with memory of its own. Return: 0 or -errno.
 */
int baseline_new_space(void);
/* Mark the shim's own mappings. */
void baseline_mark_own(void);
/* ledger_checkpoint_fn */
void baseline_checkpoint(void *context, struct ledger_writer *writer);

/* naming.c: which file this process's ledger is */

/* Creates it, and takes it as the writer's. Return: 0 or -errno. */
int naming_create_ledger(enum ledger_link link, const uint8_t *parent, uint64_t parent_event);
/* The baseline: the map as it is, with the ledger's own mappings in it. */
void naming_write_start(void);
/* There will be no ledger: said in that of the program that executed this one. */
void naming_tell_before_exec(int error);

/* resync.c: all with the lock held */

/*
 * Above are the kernel's addresses, and [vsyscall]: a page that the text shows
 * and the ioctl does not, and that no call can change.
 */
#define RESYNC_USER_END (1ULL << 63)

/* Ask the kernel about @range, change the map, and write both to the ledger. */
void resync_range(struct addr_range range, enum vm_reason reason, uint64_t event);
/* As above, over the whole mapping that @addr lies in. */
void resync_mapping(uint64_t addr, enum vm_reason reason, uint64_t event);
/*
 * What the kernel has in @range, or in the part of it that @range is cut to. The
 * areas are in a static buffer. Return: how many, or -1.
 */
int resync_peek(struct addr_range *range, const struct memory_area **areas);
/*
 * Without access and without memory, where nothing is: others may have been quicker. The map
 * does not know of it yet.
 */
bool resync_reserve(struct addr_range range);
/* An area that the shim has mapped for itself enters the map. */
void resync_enter_own(const struct memory_area *area);
/* ... and leaves it. */
void resync_leave_own(struct addr_range range);
/* As resync_mapping(), from the page @addr to the end of the mapping that it lies in, or of the
 * next one. */
void resync_up_from(uint64_t addr, enum vm_reason reason, uint64_t event);
/* Stacks that begin above a gap in @range may have grown into it: see vm_edge_next(). */
void resync_edges(struct addr_range range);
/* Those that must be known before this call is applied: see vm_ranges_to_know(). */
void resync_before(const struct vm_call *call);
/* New regions of the allocator and a moved window enter the map. */
void resync_own(void);

/*
 * What areas show is said in the segment that they are in. resync_declare() says it of those
 * that the segment does not know yet, and makes room for a group of @n areas. Return: false
 * when there is none. The second says it of all that is in the set; the third: this ledger is
 * new, nothing has been said.
 */
bool resync_declare(struct ledger_writer *writer, const struct memory_area *areas, uint32_t n);
void resync_declare_set(struct ledger_writer *writer);
void resync_forget_declared(void);

/* A descriptor of this process's map, or -errno; and its end. One at a time. */
int resync_open_maps(void);
/* A text has been read: what could not be read of it is counted, also in the ledger. */
void resync_count_bad_lines(uint32_t n);
void resync_close_maps(void);

/* child.c */

/* Called first in a fork child: its copy of the lock is free again. */
void child_notice(void);
/* With the lock held, before the child's first call: its own ledger and baseline. */
void child_begin(void);

/* check.c: with the lock held, a call having been recorded, and its doubts resolved */
void check_call(const struct vm_call *call, const struct vm_doubts *doubts);

/* finish.c */

/* Compare with the kernel and write the result to the ledger. Returns unexplained differences,
 * or a negative errno. With the lock held. */
int64_t finish_verify(bool at_exit, vm_difference_fn report, void *context);
/* What the shim has counted goes into the ledger's header, which must be there. */
void finish_counters(void);
/* A LEDGER_VERIFY group: @head says what was compared, and @comparison the result. */
void finish_write_verdict(const struct ledger_verify *head, const struct vm_comparison *comparison,
			  const struct memory_area *areas, size_t n);
/* The process is about to end. */
void finish_at_exit(int status);

#endif
