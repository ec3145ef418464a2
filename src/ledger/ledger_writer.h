/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

/*
 * ledger_writer - append records, from inside a hook
 *
 * The file is seen through one shared mapping: the header page and, behind it, a
 * window of LEDGER_WINDOW_SIZE; no descriptor is kept. The window is moved over
 * the file with remap_file_pages(2), which needs neither a path nor a descriptor
 * and makes no second mapping; where that call is missing (under qemu-user, or
 * refused by a sandbox) all of the file is mapped instead, and nothing moves.
 *
 * Room is made ahead with MADV_POPULATE_WRITE, in pieces of LEDGER_POPULATE_SIZE,
 * so that a full disk is an error code and not a SIGBUS; where that is missing
 * (before Linux 5.14, under qemu-user)
 * the blocks of the whole file are allocated at the start instead.
 *
 * Nothing here allocates, prints, takes a lock or touches errno. Callers exclude
 * each other. A writer that had to stop stays stopped: begin returns NULL, and
 * the caller counts what is lost in the header.
 *
 * When the disk fills up but two or more segments were written by then, the
 * writer goes on in those instead of stopping, and the oldest history is lost.
 *
 * The writer's own mappings appear in the map it describes. After every call
 * that can move them the caller asks ledger_writer_moved().
 */

#include <stdbool.h>
#include <stdint.h>
#include "ledger/ledger_create.h"
#include "ledger/ledger_format.h"
#include "ledger/ledger_groups.h"
#include "ledger/ledger_pack.h"
#include "ledger/ledger_trace.h"
#include "vma/vm_call.h"
#include "vma/vm_object.h"

#define LEDGER_POPULATE_SIZE  (128u << 10)
#define LEDGER_POPULATE_FIRST (32u << 10) /* at open: start-up should be cheap */

struct ledger_writer;

/*
 * The fields are the writer's, to be read only. Offsets are in the file.
 */
struct ledger_writer {
	struct ledger_header *header; /* NULL: not recording */
	struct ledger_any *window;
	uint64_t window_offset;
	uint64_t mapped;	 /* bytes, from @header on */
	uint64_t segment_offset; /* of the segment being written */
	uint64_t segment_size;
	uint64_t next;	     /* of the next record */
	uint64_t ready;	     /* room is made up to this offset; 0 when stopped */
	uint64_t n_events;   /* calls recorded so far */
	uint64_t lap_number; /* of the segment being written, from 1 */
	/* As the last finished calls said; goes into each segment. */
	uint64_t brk;
	uint64_t start_brk; /* 0: as in the header */
	uint32_t personality;
	uint32_t facts;	     /* LEDGER_FACT_ */
	uint32_t n_segments; /* that are in use */
	uint32_t failure;    /* enum ledger_end: why the last attempt to make room failed */
	uint8_t lap;	     /* the low bits of lap_number */
	bool in_checkpoint;
	bool moved;
	bool stopped;
	bool allocated; /* the file's blocks were allocated at the start */
	bool confined;	/* no system call is made any more */
	ledger_checkpoint_fn checkpoint;
	void *context;
};
/* The slow part of the two functions below: populate, move the window, begin a segment. */
bool ledger_writer_advance(struct ledger_writer *writer);
bool ledger_writer_make_room(struct ledger_writer *writer, uint32_t n_records);

/**
 * ledger_writer_room() - make sure @n_records fit in a row in one segment
 *
 * May begin the next segment, and so call the checkpoint function: call it only
 * while the caller's state is what the records so far say. Asking for more than
 * a fresh segment has left after its checkpoint stops the writer
 * (LEDGER_END_TOO_BIG): write large maps in several groups.
 *
 * Return: false when the writer has stopped.
 */
static inline bool ledger_writer_room(struct ledger_writer *writer, uint32_t n_records)
{
	uint64_t need = (uint64_t)n_records * LEDGER_RECORD_SIZE;

	if (__builtin_expect(writer->next + need <= writer->ready, 1))
		return true;
	return ledger_writer_make_room(writer, n_records);
}

/* Return: the place of the next record, or NULL. */
static inline struct ledger_any *ledger_writer_place(struct ledger_writer *writer)
{
	struct ledger_any *record;

	if (__builtin_expect(writer->header == NULL || writer->next >= writer->ready, 0))
		if (!ledger_writer_advance(writer))
			return NULL;
	record = writer->window + (writer->next - writer->window_offset) / LEDGER_RECORD_SIZE;
	writer->next += LEDGER_RECORD_SIZE;
	return record;
}

/* Sets a record's state: everything stored in the record so far counts from this one store on. */
static inline void ledger_writer_mark(void *record, uint8_t state)
{
	__atomic_store_n((uint8_t *)record, state, __ATOMIC_RELEASE);
}

/**
 * ledger_writer_begin() - the next record, zeroed, marked begun
 * @kind: enum ledger_kind
 *
 * At the end of a segment this begins the next one, unless called from the
 * checkpoint function: then the writer stops.
 *
 * Return: the record, valid until the next begin, or NULL when stopped.
 */
static inline void *ledger_writer_begin(struct ledger_writer *writer, enum ledger_kind kind)
{
	struct ledger_any *record = ledger_writer_place(writer);

	if (record == NULL)
		return NULL;
	record->state = 0;
	record->byte2 = 0;
	record->byte3 = 0;
	record->word1 = 0;
	for (unsigned i = 0; i < 7; i++)
		record->word[i] = 0;
	record->kind = (uint8_t)kind;
	ledger_writer_mark(record, LEDGER_STATE(writer->lap, LEDGER_STATE_BEGUN));
	return record;
}

/* Calls after which a later segment begins with other numbers. */
#define LEDGER_OPS_OF_STATE                                                                        \
	(1u << VM_OP_BRK | 1u << VM_OP_PRCTL | 1u << VM_OP_PERSONALITY | 1u << VM_OP_MLOCKALL |    \
	 1u << VM_OP_MUNLOCKALL)

void ledger_writer_note_state(struct ledger_writer *writer, const struct ledger_call *call);

/* Marks a record as whole: one store, after everything else. */
static inline void ledger_writer_done(struct ledger_writer *writer, void *record)
{
	const struct ledger_call *call = record;

	if (__builtin_expect(call->kind == LEDGER_CALL && call->op < 32 &&
				     (1u << call->op & LEDGER_OPS_OF_STATE),
			     0))
		ledger_writer_note_state(writer, call);
	ledger_writer_mark(record, (uint8_t)((call->state & ~3u) | LEDGER_STATE_DONE));
}

/*
 * Begins a call's record, without its result; @call->event is set to the call's
 * number. NULL when stopped.
 */
struct ledger_call *ledger_writer_begin_call(struct ledger_writer *writer, struct vm_call *call);

/*
 * Have the writer's mappings moved since the last time this was asked? Opening
 * is no move: whoever opens enters ledger_writer_ranges().
 */
bool ledger_writer_moved(struct ledger_writer *writer);

/* Tells where the ledger file itself is mapped, for the map. Return: how many ranges (0 or 2). */
unsigned ledger_writer_ranges(const struct ledger_writer *writer, struct addr_range ranges[2],
			      uint64_t offsets[2]);

/**
 * ledger_writer_confine() - make no system call from now on
 *
 * For a program that is about to install a seccomp filter, which might kill it
 * for one of ours. Call it before: what is left of the window (at most 16,383
 * records) is populated first. When that is used up the writer stops with
 * LEDGER_END_CONFINED. Clearing @confined takes it back.
 */
void ledger_writer_confine(struct ledger_writer *writer);

/*
 * Another clock pair in the header, and the reason for the end; a writer that
 * had stopped before keeps its reason.
 */
void ledger_writer_finish(struct ledger_writer *writer, enum ledger_end end, int exit_status);

#endif
