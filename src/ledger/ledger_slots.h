/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_SLOTS_H
#define LEDGER_LEDGER_SLOTS_H

/*
 * ledger_slots - which segments a ledger has, in which order, and where their records are (private
 * to the reader)
 */

#include "ledger/ledger_reader_private.h"

bool ledger_slot_find(const struct ledger_reader *reader, uint64_t lap, uint32_t after,
		      struct ledger_slot *slot);
/* Finds the first segment of the history that is left; sets the newest lap and the clock. */
bool ledger_slots_first(struct ledger_reader *reader, struct ledger_slot *first);
uint64_t ledger_record_offset(const struct ledger_reader *reader, uint32_t slot, uint64_t record);
/* Reads the lap in the slot's head as it is now; 0: the head makes no sense. */
uint64_t ledger_slot_lap(const struct ledger_reader *reader, uint32_t slot);

/* How far a record got: not written, a call under way, or whole. */
enum ledger_progress { RECORD_NONE, RECORD_BEGUN, RECORD_DONE };

/* @record may be NULL. */
enum ledger_progress ledger_record_progress(const struct ledger_any *record, uint64_t lap);

#endif
