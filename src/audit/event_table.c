/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A hash table with open addressing, from a 64-bit key to a record of fixed size
 */

#include <stdlib.h>
#include <string.h>
#include "audit/event_table.h"

#define FIRST_SLOTS 256

void event_table_init(struct event_table *table, size_t record_size)
{
	*table = (struct event_table){ .record_size = record_size };
}

void event_table_finish(struct event_table *table)
{
	free(table->keys);
	free(table->records);
	event_table_init(table, table->record_size);
}

/* The last step of MurmurHash3: every bit of the key reaches every bit of the place. */
static uint64_t mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdULL;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ULL;
	return key ^ key >> 33;
}

/* The slot that has the key, or the free one where it belongs. */
static size_t find_slot(const struct event_table *table, uint64_t key)
{
	size_t slot = mix(key) & (table->n_slots - 1);

	while (table->keys[slot] != 0 && table->keys[slot] != key + 1)
		slot = (slot + 1) & (table->n_slots - 1);
	return slot;
}

static void *record_at(const struct event_table *table, size_t slot)
{
	return table->records + slot * table->record_size;
}

static bool grow(struct event_table *table)
{
	struct event_table bigger = { .record_size = table->record_size };

	bigger.n_slots = table->n_slots > 0 ? 2 * table->n_slots : FIRST_SLOTS;
	bigger.keys = calloc(bigger.n_slots, sizeof(*bigger.keys));
	bigger.records = calloc(bigger.n_slots, bigger.record_size);
	if (bigger.keys == NULL || bigger.records == NULL) {
		event_table_finish(&bigger);
		return false;
	}
	for (size_t i = 0; i < table->n_slots; i++) {
		size_t slot;

		if (table->keys[i] == 0)
			continue;
		slot = find_slot(&bigger, table->keys[i] - 1);
		bigger.keys[slot] = table->keys[i];
		memcpy(record_at(&bigger, slot), record_at(table, i), table->record_size);
	}
	bigger.count = table->count;
	event_table_finish(table);
	*table = bigger;
	return true;
}

void *event_table_find(const struct event_table *table, uint64_t key)
{
	size_t slot;

	if (table->n_slots == 0)
		return NULL;
	slot = find_slot(table, key);
	return table->keys[slot] != 0 ? record_at(table, slot) : NULL;
}

void *event_table_add(struct event_table *table, uint64_t key, bool *is_new)
{
	size_t slot;

	if (4 * (table->count + 1) > 3 * table->n_slots && !grow(table))
		return NULL;
	slot = find_slot(table, key);
	*is_new = table->keys[slot] == 0;
	if (*is_new) {
		table->keys[slot] = key + 1;
		table->count++;
	}
	return record_at(table, slot);
}

void *event_table_next(const struct event_table *table, size_t *slot, uint64_t *key)
{
	for (; *slot < table->n_slots; ++*slot)
		if (table->keys[*slot] != 0) {
			*key = table->keys[*slot] - 1;
			return record_at(table, (*slot)++);
		}
	return NULL;
}
