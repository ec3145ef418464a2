/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_PEEK_H
#define PRELOAD_PEEK_H

/*
 * peek - read what the kernel has in a range, and change nothing
 *
 * The areas are handed out in a static buffer, guarded by the recorder's lock.
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>
#include "map/kernel_reader.h"

/*
 * Reads the areas that the kernel has in @range, or in the part of it that @range is cut to.
 * Return: how many, or -1.
 */
int peek_range(struct addr_range *range, const struct memory_area **areas);

/*
 * Reads the next areas of @reader that lie in @range; @more: there may be others behind them.
 * Return: how many; -1 when the kernel or memory fails us.
 */
int peek_batch(struct kernel_reader *reader, struct addr_range *range,
	       const struct memory_area **areas, bool *more);

/* The kernel's area that @addr lies in, or the next one; the page at @addr where there is none. */
struct addr_range peek_area(uint64_t addr);

#endif
