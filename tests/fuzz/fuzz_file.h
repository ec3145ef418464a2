/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_FILE_H
#define TESTS_FUZZ_FUZZ_FILE_H

/*
 * fuzz_file - a sequence as text
 *
 *     # anything
 *     personality 0x400000
 *     ask text
 *     mmap(zone+0x3000, 0x2000, rw-, PRIVATE|ANONYMOUS|FIXED, -1, 0x0)
 */

#include <stdio.h>
#include "fuzz_run.h"

void fuzz_file_write(FILE *out, const struct fuzz_setup *setup, const struct fuzz_call *calls,
		     uint32_t n);

/* Complains on stderr, naming file and line, and returns false when it can't be read. */
bool fuzz_file_read(const char *path, struct fuzz_setup *setup, struct fuzz_call *calls,
		    uint32_t *n);

#endif
