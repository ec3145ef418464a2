/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_RECORDS_H
#define LEDGER_LEDGER_RECORDS_H

/*
 * ledger_records - records of the segment at the reader's position (private to the reader)
 */

#include "ledger/ledger_reader_private.h"

/* Reads a record; NULL behind the segment's or the file's end. Valid until the next call. */
const struct ledger_any *ledger_records_get(struct ledger_reader *reader, uint64_t record);

/* Reads a record, again from the file if the record was not done when it was last read. */
const struct ledger_any *ledger_records_get_fresh(struct ledger_reader *reader, uint64_t record);

/* The first marked record at or after this one; 0: none, or in the newest segment none nearby. */
uint64_t ledger_records_find(struct ledger_reader *reader, uint64_t record);

#endif
