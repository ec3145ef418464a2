/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_NAMING_H
#define PRELOAD_NAMING_H

/*
 * naming - which file is this process's ledger
 *
 *     output=/tmp/m.%e.%p.mlg               every process expands the pattern
 *     output=/tmp/m.ls.42.mlg, root=42      process 42 writes there; all others to
 *                                           /tmp/m.ls.42.mlg.d/PROGRAM.PID.N.mlg
 *
 * A name that is taken is never overwritten: N counts up.
 */

#include <stdint.h>
#include "ledger/ledger_format.h"

/* Creates the ledger, and takes it as the writer's. Return: 0 or -errno. */
int naming_create_ledger(enum ledger_link link, const uint8_t *parent, uint64_t parent_event);

/* Writes the baseline: the map as it is, with the ledger's own mappings in it. */
void naming_write_start(void);

/* There will be no ledger: said in that of the program that executed this one. */
void naming_tell_before_exec(int error);

#endif
