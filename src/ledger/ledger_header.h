/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_HEADER_H
#define LEDGER_LEDGER_HEADER_H

/*
 * ledger_header - the header of a ledger, checked and read again (private to the reader)
 */

#include "ledger/ledger_reader_private.h"

/* Is it one that this reader understands? If not, @problem says why. Ends the texts in the header.
 */
bool ledger_header_check(struct ledger_header *header, size_t len, struct ledger_problem *problem);
void ledger_header_refresh(struct ledger_reader *reader);

#endif
