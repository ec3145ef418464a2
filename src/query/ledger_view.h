/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEDGER_VIEW_H
#define CLI_LEDGER_VIEW_H

/*
 * ledger_view - a ledger, opened for looking, and folded to a moment
 *
 * Opening reads all records once and remembers the operation of every event, so
 * that screens can say "#42 mprotect". Folding is replay's.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include "query/find_ledger.h"
#include "cli/text/output.h"
#include "cli/syntax.h"
#include "ledger/ledger_reader.h"
#include "ledger/replay.h"

struct ledger_view {
	const char *path;
	const char *name;    /* to show */
	const char *sysroot; /* where the recorded machine's files are; NULL: / */
	struct ledger_reader *reader;
	const struct ledger_header *header;
	struct replay replay;
	bool folded;  /* @replay is in use */
	uint8_t *ops; /* of event @first_event + i */
	size_t n_ops;
	size_t ops_capacity;
	uint64_t first_event;
	uint64_t last_event; /* 0: none; counts a call in flight */
	uint64_t n_forks;
	char *damage;			   /* what is wrong with the file, or NULL */
	uint64_t changes[VM_REASON_COUNT]; /* resyncs that changed something, by reason */
};

/* Return: false after a complaint. @path and @name must outlive the view. */
bool view_open(struct ledger_view *view, const char *path, const char *name);
void view_close(struct ledger_view *view);

/**
 * view_fold() - fold from the beginning to a moment
 *
 * Return: false after a complaint: there is no such moment in this ledger, or
 * memory is short.
 */
bool view_fold(struct ledger_view *view, struct moment moment);

/* An empty map, and the first record next. Return: false after a complaint. */
bool view_begin(struct ledger_view *view);

/* Fold what was appended since. Return: false after a complaint. */
bool view_fold_more(struct ledger_view *view);

/* As replay_step(), but complains about an error. */
int view_step(struct ledger_view *view, struct ledger_entry *entry);

/* The operation of an event, or VM_OP_NONE. */
unsigned view_op_of(const struct ledger_view *view, uint64_t event);

/* "#42 mprotect". Return: false when the operation is not known: "#42". */
bool view_event_text(const struct ledger_view *view, uint64_t event, struct text *text);

/**
 * view_stack() - the stack that made a call
 * @id: vm_call.stack of a call that was folded
 * @trace: its frames are valid until the next step
 *
 * Return: false when there is none.
 */
bool view_stack(const struct ledger_view *view, uint32_t id, struct ledger_trace *trace);

/* "ls", from the executable or the first argument. */
void view_program(const struct ledger_view *view, struct text *text);

enum view_state {
	VIEW_RUNNING,
	VIEW_EXITED,  /* header->exit_status */
	VIEW_EXECED,  /* the process lives on, in another ledger */
	VIEW_CRASHED, /* header->fault says of what */
	VIEW_LOST,    /* no end was recorded: killed, or became what is not recorded */
	VIEW_STOPPED, /* the recording ended before the process, see header->end */
};

/* After view_fold() to the end. */
enum view_state view_state(const struct ledger_view *view);

/* "exited with status 0" */
void view_state_text(const struct ledger_view *view, enum view_state state, struct text *text);

/* On stderr: what is wrong with the file; and before it how much of the history is gone. */
void view_say_damage(const struct ledger_view *view);
void view_say_lost_and_damaged(const struct ledger_view *view);

/* "812 of 815 changes by observed calls (99.6 %), 3 read back: 2 fork, 1 stack" */
void view_coverage_text(const struct ledger_view *view, struct text *text);

#endif
