/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

/*
 * ledger_reader - the records of a ledger, in order, from a file nobody vouches for
 *
 * The file may be cut short, damaged, hostile, or still being written. Nothing
 * in it is believed before it is checked, and nothing in it can make the reader
 * crash, loop or allocate without bound. What can be salvaged is handed out;
 * what can't is counted and described in one line.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "ledger/ledger_format.h"
#include "ledger/ledger_trace.h"
#include "vma/vm_call.h"
#include "vma/vm_object.h"

/* What is wrong with a ledger. The text is one line without a newline. */
struct ledger_problem {
	char text[256];
};

struct ledger_reader;

/**
 * ledger_reader_open() - open and check a ledger
 * @problem: set when NULL is returned: cannot open (with the reason), empty,
 *           not a ledger, from a newer version, from a machine with another
 *           byte order, header damaged
 */
struct ledger_reader *ledger_reader_open(const char *path, struct ledger_problem *problem);
/* Opens a ledger in memory, which must outlive the reader: for tests and fuzzing. */
struct ledger_reader *ledger_reader_open_memory(const void *bytes, size_t size,
						struct ledger_problem *problem);
void ledger_reader_close(struct ledger_reader *reader);

const struct ledger_header *ledger_reader_header(const struct ledger_reader *reader);
const char *ledger_reader_path(const struct ledger_reader *reader);

/*
 * Replaces the ledger's record of the fault that ended the process by another one, from a
 * core file, until the reader is closed.
 */
void ledger_reader_set_fault(struct ledger_reader *reader, const struct ledger_fault *fault);

/* Return: the number of the first call that is left: 1, or more when history was dropped. */
uint64_t ledger_reader_first_event(const struct ledger_reader *reader);

/* Return: nanoseconds since the start of the recording. */
uint64_t ledger_reader_time_ns(const struct ledger_reader *reader, uint64_t ticks);

/*
 * One record, decoded and checked. @kind says which member counts.
 *
 * @finished: false for the call in flight
 * @name, @text, @frames: valid until the next record is read; texts are terminated
 * @areas: as they are in the file, but with start < end, page aligned, sorted,
 *         and inside the group's range
 * @stack.frames: @stack.n_frames of them, at most LEDGER_STACK_FRAMES_MAX; the addresses
 *         are what the file says
 * @in_checkpoint: part of a segment's checkpoint: repeats what was known, except
 *         at the start of what is left
 */
struct ledger_entry {
	enum ledger_kind kind;
	bool finished;
	bool in_checkpoint;
	uint64_t ticks;
	union {
		struct vm_call call;
		struct ledger_segment segment;
		struct {
			struct ledger_resync head;
			const struct ledger_area *areas;
		} resync;
		struct {
			struct ledger_verify head;
			const struct ledger_area *areas;
		} verify;
		struct {
			uint32_t id;
			struct vm_object object; /* @object.name as in the file */
		} object;
		struct ledger_site site;
		struct ledger_thread thread;
		struct {
			unsigned kind;
			const char *text;
		} note;
		struct ledger_trace stack;
	};
};

/**
 * ledger_reader_next() - the next record
 *
 * The call in flight at the end of a live ledger is handed out once as it is,
 * and once more when it has finished.
 *
 * Return: false at the end, which moves while the ledger is being written: ask
 * again later. The header is read anew each time the end is met.
 */
bool ledger_reader_next(struct ledger_reader *reader, struct ledger_entry *entry);

/* Begins again with the first record that is left by now. */
void ledger_reader_rewind(struct ledger_reader *reader);

/* A place between two records. The fields are the reader's business. */
struct ledger_position {
	uint64_t lap;
	uint64_t at; /* number of the next record in its segment */
	uint64_t next_event;
	uint64_t ticks;	    /* of the last record that had some */
	uint64_t delivered; /* 1 + offset of the call in flight that was handed out */
	uint64_t n_skipped;
	uint64_t n_unknown;
	uint64_t n_broken_groups;
	uint64_t n_headless;
	uint64_t sure_skipped;	     /* n_skipped and n_broken_groups as they were */
	uint64_t sure_broken_groups; /* when the last record was handed out */
	uint32_t slot;
	bool headless; /* the segment's own first record is damaged */
	bool in_checkpoint;
	bool overrun;
};

/* Tells the position of the next record, to look ahead and come back. */
struct ledger_position ledger_reader_tell(const struct ledger_reader *reader);
void ledger_reader_seek(struct ledger_reader *reader, const struct ledger_position *position);

/*
 * What is wrong with the file, and was on the way: records skipped because they
 * made no sense, groups that were not complete. NULL when nothing was. One line,
 * valid until it is asked again or the reader is closed.
 */
const char *ledger_reader_damage(struct ledger_reader *reader);

/* Were records lost on the way so far? What was folded may be wrong then. */
bool ledger_reader_lost_records(const struct ledger_reader *reader);

#endif
