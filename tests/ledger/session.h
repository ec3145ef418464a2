/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_LEDGER_SESSION_H
#define TESTS_LEDGER_SESSION_H

/*
 * session - records calls that were never made, with results that the test gives
 *
 * Holds a map and a writer as the shim does, and runs each call through both in
 * the same order: room, begin, apply, done. Calls bring their results along.
 */

#include "ledger/ledger_writer.h"
#include "vma/vm_space.h"

struct session {
	struct ledger_writer writer;
	struct vm_space space;
	uint32_t n_objects_written;
	uint64_t random;
};

/* @path must not exist. Return: what ledger_writer_open() returned. */
int session_open(struct session *session, const char *path, uint64_t max_size);
void session_close(struct session *session);

/* The state at the start; the caller's map is empty so far. */
void session_baseline(struct session *session);

void session_call(struct session *session, enum vm_op op, const uint64_t args[6], int64_t result);
/* The same, made by a stack that is written before it. */
void session_stacked_call(struct session *session, enum vm_op op, const uint64_t args[6],
			  int64_t result, const struct ledger_trace *trace);
void session_mmap(struct session *session, uint64_t addr, uint64_t len, uint64_t prot);
void session_munmap(struct session *session, uint64_t addr, uint64_t len);
void session_mprotect(struct session *session, uint64_t addr, uint64_t len, uint64_t prot);

/* An object under the next id, in the map's table and in the ledger. Returns the id. */
uint32_t session_object(struct session *session, const char *name, uint64_t ino);

/* One group of @n areas enters the ledger and the map. */
void session_resync(struct session *session, enum vm_reason reason, struct addr_range range,
		    const struct memory_area *areas, uint32_t n);

/* One of every kind of record, but for calls and groups. */
void session_odds_and_ends(struct session *session);

/* @n made-up calls and groups. The same seed gives the same ledger, but for clocks. */
void session_random(struct session *session, uint64_t seed, unsigned n);

#endif
