/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_CREATE_H
#define LEDGER_LEDGER_CREATE_H

/*
 * ledger_create - make a ledger's file, and let go of it
 */

#include "ledger/ledger_format.h"

struct ledger_writer;

/*
 * Writes the state so far at the start of a segment, as LEDGER_OBJECT and
 * LEDGER_RESYNC groups with VM_REASON_CHECKPOINT, through ledger_writer_begin()
 * and the helpers below. Not called for the first segment: that one begins with
 * whatever the caller writes after open. May be called a second time for the
 * same state, when the disk became full during the first.
 */
typedef void (*ledger_checkpoint_fn)(void *context, struct ledger_writer *writer);

/*
 * What the caller knows about the process; the writer fills in the rest of the
 * header (magic, version, sizes, clocks, boot id, id, kernel release).
 */
struct ledger_writer_options {
	const char *path;  /* created with O_EXCL | O_NOFOLLOW, 0600 */
	uint64_t max_size; /* of the file, in bytes; rounded to whole segments */
	uint32_t exec_count;
	uint32_t link;	       /* enum ledger_link */
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
 * RLIMIT_FSIZE makes the file smaller. The first clock pair is taken on entry
 * and a second one on return.
 *
 * Return: 0, or a negative errno, and then nothing is left behind:
 *   -EEXIST  there is something at @path already,
 *   -EFBIG   two segments of one window do not fit @max_size or RLIMIT_FSIZE,
 *   -ENOSPC, -EFAULT  there is no room for the first few records.
 */
int ledger_writer_open(struct ledger_writer *writer, const struct ledger_writer_options *options);

/* Unmap; the file stays. For fork children, which inherit mappings of their parent's ledger. */
void ledger_writer_close(struct ledger_writer *writer);

#endif
