/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_LEDGER_VIEW_H
#define QUERY_LEDGER_VIEW_H

/*
 * ledger_view - a ledger file, opened for looking, and folded to a moment
 *
 * Opening reads all records once and remembers the operation of every event, so
 * that screens can say "#42 mprotect". Folding is replay's: record by record, the
 * map of the program as it was. One view has one fold; what moves it says so.
 * To fold to a moment that was asked for, see moment.h; to see what each event
 * did, see history.h.
 *
 * Errors. A function that returns false has said why in view->problem, which stays
 * until somebody clears it. Memory that runs out ends the command (heap.h).
 *
 * A ledger may still be written while it is looked at: its end is where the reader
 * finds it, and a later fold may find more.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include "ledger/ledger_reader.h"
#include "ledger/replay.h"
#include "query/problem.h"
#include "symbolize/symbolize.h"

/*
 * @path, @name:  to open, and to show; borrowed
 * @sysroot:  where the recorded machine's files are; NULL: /. Set by who opened it
 * @problem:  why the last question was not answered
 * @folded:   @replay is in use
 * @n_folded: records that are folded, counted from the first that is left
 * @ops:      operation of event @first_event + i
 * @last_event: 0: none; counts a call in flight
 * @damage:   what is wrong with the file, or NULL
 * @changes:  resyncs that changed something, by reason; of the records folded
 * @symbolizer: names places in files, from the first stack_names() on; NULL before
 * @symbol_problems_said: how many of its problems were shown, for who shows them
 * @ahead:    private, for view_reread()
 */
struct ledger_view {
	const char *path;
	const char *name;
	const char *sysroot;
	struct problem problem;
	struct ledger_reader *reader;
	struct ledger_reader *ahead;
	const struct ledger_header *header;
	struct replay replay;
	bool folded;
	uint64_t n_folded;
	uint8_t *ops;
	size_t n_ops;
	size_t ops_capacity;
	uint64_t first_event;
	uint64_t last_event;
	uint64_t n_forks;
	char *damage;
	uint64_t changes[VM_REASON_COUNT];
	struct symbolizer *symbolizer;
	size_t symbol_problems_said;
};

/**
 * view_open() - open a ledger file and read it once
 * @path, @name: must outlive the view
 *
 * Nothing is folded yet. Return: false, with view->problem: it is no ledger, or can't be
 * read; the view then need not be closed.
 */
bool view_open(struct ledger_view *view, const char *path, const char *name);
/* Free all that the view holds; its symbolizer and the strings of named stacks, too. */
void view_close(struct ledger_view *view);

/* An empty map, and the first record next: a fold from the beginning. */
void view_begin(struct ledger_view *view);

/* Fold the next record, which is put into @entry. Return: 1, or 0 at the end. */
int view_step(struct ledger_view *view, struct ledger_entry *entry);

#define VIEW_ALL_RECORDS UINT64_MAX

/**
 * view_fold_records() - fold the first @n_records records
 *
 * Goes on from where the fold is, if that is not behind: nothing is folded twice.
 */
void view_fold_records(struct ledger_view *view, uint64_t n_records);

/* Fold what was appended since. */
void view_fold_more(struct ledger_view *view);

/**
 * view_reread() - the records once more, from the first, without folding them
 *
 * Return: a reader that stands at the first record. It is the view's, and the same one
 * every time: a second call, and history_walk(), move it. The fold stays where it is.
 */
struct ledger_reader *view_reread(struct ledger_view *view);

/* The operation of an event (enum vm_op), or VM_OP_NONE when it is not in the ledger. */
unsigned view_op_of(const struct ledger_view *view, uint64_t event);

/**
 * view_stack() - the stack that made a call
 * @id: vm_call.stack of a call that was folded
 * @trace: its frames are valid until the next step
 *
 * Return: false when there is none.
 */
bool view_stack(const struct ledger_view *view, uint32_t id, struct ledger_trace *trace);

enum view_state {
	VIEW_RUNNING,
	VIEW_EXITED,  /* header->exit_status */
	VIEW_EXECED,  /* the process lives on, in another ledger */
	VIEW_CRASHED, /* header->fault says of what */
	VIEW_LOST,    /* no end was recorded: killed, or became what is not recorded */
	VIEW_STOPPED, /* the recording ended before the process, see header->end */
};

/* What became of the process. The view must be folded to its end. */
enum view_state view_state(const struct ledger_view *view);

#endif
