/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

/*
 * ledger_writer - append records, from inside a hook
 *
 * The file is seen through two shared mappings, the header page and a window of
 * LEDGER_WINDOW_SIZE; no descriptor is kept. The window is moved over the file
 * with remap_file_pages(2), which needs neither a path nor a descriptor and
 * makes no second mapping. Room is made ahead with MADV_POPULATE_WRITE, in
 * pieces of LEDGER_POPULATE_SIZE, so that a full disk is an error code and not
 * a SIGBUS; on a kernel without it (before 5.14) the pieces are written to with
 * a rehearsal that can't fault: pwrite() through a descriptor opened for it, or,
 * where that can't be done, the writer stops.
 *
 * Nothing here allocates, prints, takes a lock or touches errno. Callers exclude
 * each other. A writer that had to stop stays stopped: begin returns NULL, and
 * the caller counts what is lost in the header.
 *
 * The writer's own mappings appear in the map it describes. After every call
 * that can move them the caller asks ledger_writer_moved().
 */

#include <stdbool.h>
#include <stdint.h>
#include "ledger/ledger_format.h"
#include "vma/vm_call.h"
#include "vma/vm_object.h"

#define LEDGER_POPULATE_SIZE (128u << 10)

struct ledger_writer;

/*
 * Writes the state so far at the start of a segment, as LEDGER_OBJECT and
 * LEDGER_RESYNC groups with VM_REASON_CHECKPOINT, through ledger_writer_begin()
 * and the helpers below.
 */
typedef void (*ledger_checkpoint_fn)(void *context, struct ledger_writer *writer);

struct ledger_writer {
	struct ledger_header *header; /* NULL: not recording */
	struct ledger_any *window;
	uint64_t window_offset; /* in the file */
	uint64_t segment_offset; /* of the segment being written, in the file */
	uint64_t next;		/* offset in the file of the next record */
	uint64_t ready;		/* room is made up to this offset in the file */
	uint64_t n_events;	/* calls recorded so far */
	uint8_t lap;
	bool in_checkpoint;
	bool moved;
	ledger_checkpoint_fn checkpoint;
	void *context;
};

/*
 * What the caller knows about the process; the writer fills in the rest of the
 * header (magic, version, sizes, clocks, boot id, id, kernel release).
 */
struct ledger_writer_options {
	const char *path;     /* created with O_EXCL | O_NOFOLLOW, 0600 */
	uint64_t max_size;    /* of the file, in bytes; rounded to whole segments */
	uint32_t exec_count;
	uint32_t link;	      /* enum ledger_link */
	const uint8_t *parent; /* LEDGER_ID_SIZE bytes or NULL */
	uint64_t parent_event;
	uint64_t start_brk, brk, start_stack;
	uint32_t personality;
	const char *executable;
	const char *command; /* NUL between arguments */
	uint32_t command_len;
	const char *shim_version;
	ledger_checkpoint_fn checkpoint;
	void *context;
};

/**
 * ledger_writer_open() - create the file and map it
 *
 * RLIMIT_FSIZE and RLIMIT_AS make the file smaller; below two segments of one
 * window it is an error.
 *
 * Return: 0, -EEXIST, or another negative errno; nothing is left behind then.
 */
int ledger_writer_open(struct ledger_writer *writer, const struct ledger_writer_options *options);

/* Unmap; the file stays. For fork children, which inherit mappings of their parent's ledger. */
void ledger_writer_close(struct ledger_writer *writer);

/**
 * ledger_writer_room() - make sure @n_records fit in a row in one segment
 *
 * May begin the next segment, and so call the checkpoint function: call it only
 * while the caller's state is what the records so far say.
 *
 * Return: false when the writer has stopped.
 */
bool ledger_writer_room(struct ledger_writer *writer, uint32_t n_records);

/**
 * ledger_writer_begin() - the next record, zeroed, marked begun
 * @kind: enum ledger_kind
 *
 * Return: the record, valid until the next begin, or NULL when stopped.
 */
void *ledger_writer_begin(struct ledger_writer *writer, enum ledger_kind kind);

/* The record is whole now: one store, after everything else. */
void ledger_writer_done(struct ledger_writer *writer, void *record);

/* A call's record, begun but without its result. */
struct ledger_call *ledger_writer_begin_call(struct ledger_writer *writer, struct vm_call *call);

/* An object and its name. Needs room for ledger_object_records(). */
void ledger_writer_object(struct ledger_writer *writer, uint32_t id,
			  const struct vm_object *object);
uint32_t ledger_object_records(const struct vm_object *object);

void ledger_writer_resync(struct ledger_writer *writer, unsigned reason, struct addr_range range,
			  uint64_t event, uint32_t n_areas);
void ledger_writer_area(struct ledger_writer *writer, const struct memory_area *area);
void ledger_writer_note(struct ledger_writer *writer, enum ledger_note_kind kind,
			const char *sentence);

/* Have the writer's mappings moved since the last time this was asked? */
bool ledger_writer_moved(struct ledger_writer *writer);

/* Its own mappings, for the map. Returns how many (0 or 2). */
unsigned ledger_writer_ranges(const struct ledger_writer *writer, struct addr_range ranges[2],
			      uint64_t offsets[2]);

/* Another clock pair in the header, and the reason for the end. */
void ledger_writer_finish(struct ledger_writer *writer, enum ledger_end end, int exit_status);

/* The six arguments of a call in the fields of its record, and back. */
void ledger_pack_call(const struct vm_call *call, struct ledger_call *record);
void ledger_unpack_call(const struct ledger_call *record, struct vm_call *call);

#endif
