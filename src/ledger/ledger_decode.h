/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_DECODE_H
#define LEDGER_LEDGER_DECODE_H

/*
 * ledger_decode - one entry of the history, from the records that make it up (private to the
 * reader)
 */

#include "ledger/ledger_reader_private.h"

enum ledger_decoded {
	DECODED,      /* position moved behind it */
	DECODED_SKIP, /* position moved, nothing to hand out */
	DECODED_WAIT, /* the rest is not there (yet): position as before */
};

enum ledger_decoded ledger_decode(struct ledger_reader *reader, const struct ledger_any *record,
				  struct ledger_entry *entry);

#endif
