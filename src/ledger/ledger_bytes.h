/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_BYTES_H
#define LEDGER_BYTES_H

/*
 * ledger_bytes - where a reader gets its bytes from
 *
 * A file is read with pread(2) and never mapped: whoever can write to it can
 * also cut it short, which would be a SIGBUS.
 */

#include <stddef.h>
#include <stdint.h>
#include "ledger/ledger_reader.h"

struct ledger_bytes {
	int fd; /* -1: memory */
	const uint8_t *memory;
	uint64_t size; /* at open; a file may change */
};

/* Return: 0, or -1 with @problem set. */
int ledger_bytes_open(struct ledger_bytes *bytes, const char *path, struct ledger_problem *problem);
void ledger_bytes_close(struct ledger_bytes *bytes);

/* Return: how many bytes there were, at most @len; errors read as the end. */
size_t ledger_bytes_read(const struct ledger_bytes *bytes, uint64_t offset, void *to, size_t len);

void ledger_problem_set(struct ledger_problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
