/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_PACK_H
#define LEDGER_LEDGER_PACK_H

/*
 * ledger_pack - a call's arguments in the fields of its record
 */

#include "ledger/ledger_format.h"
#include "vma/vm_call.h"

/* The six arguments of a call in the fields of its record, and back. */
void ledger_pack_call(const struct vm_call *call, struct ledger_call *record);
void ledger_unpack_call(const struct ledger_call *record, struct vm_call *call);

#endif
