/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_LEDGER_SCRATCH_H
#define TESTS_LEDGER_SCRATCH_H

/* scratch - the path of one ledger, and its bytes; for the tests of this folder. */

#include <stddef.h>
#include <stdint.h>

/* A path that does not exist, in a directory of its own. Stays the same in one process. */
const char *scratch_path(void);
void scratch_remove(void);

/* The first @max bytes of the ledger (all of it if it is shorter); free() them. */
uint8_t *scratch_load(size_t max, size_t *size);

#endif
