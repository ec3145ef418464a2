/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_DECLARE_H
#define PRELOAD_DECLARE_H

/*
 * declare - the files that areas show are described once in each segment of the ledger
 *
 * A record of an area names its file by number. What is behind the number is written in front
 * of the first area of a segment that has it.
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>
#include "ledger/ledger_writer.h"

/*
 * Describes the files of @n areas where the segment lacks them, and makes room for a group of
 * these areas. Return: false when there is none.
 */
bool declare_areas(struct ledger_writer *writer, const struct memory_area *areas, uint32_t n);

/* Describes the files of all areas in the set. */
void declare_set(struct ledger_writer *writer);

/* The ledger is a new one: nothing is described in it yet. */
void declare_forget(void);

#endif
