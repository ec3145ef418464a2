/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_EVENT_TABLE_H
#define AUDIT_EVENT_TABLE_H

/*
 * event_table - a hash table of records of one size, by a 64-bit key
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_table {
	size_t record_size;
	size_t count;
	size_t n_slots; /* a power of two, or 0 */
	uint64_t *keys; /* key + 1 in each slot; 0: free */
	char *records;	/* beside them */
};

void event_table_init(struct event_table *table, size_t record_size);
void event_table_finish(struct event_table *table);

/* Finds the record with this key; NULL when there is none. Records move when others are added. */
void *event_table_find(const struct event_table *table, uint64_t key);

/* Finds or adds the record with this key, all zero when new; NULL when memory is short. */
void *event_table_add(struct event_table *table, uint64_t key, bool *is_new);

/* Hands out one record after the other: @slot begins at 0. NULL at the end. */
void *event_table_next(const struct event_table *table, size_t *slot, uint64_t *key);

#endif
