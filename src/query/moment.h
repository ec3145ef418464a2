/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

/*
 * moment - where in a ledger a moment lies
 */

#include "query/ledger_view.h"

/*
 * @event:     number of the last call before it; the oldest that is known, or later
 * @n_records: how many records are folded to get there
 */
struct settled_moment {
	uint64_t event;
	uint64_t n_records;
};

#define MOMENT_ALL_RECORDS UINT64_MAX

/* Return: false after a complaint: there is no such moment in this ledger, or it is lost. */
bool moment_settle(struct ledger_view *view, struct moment moment, struct settled_moment *settled);

#endif
