/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FRAME_TEXT_H
#define CLI_FRAME_TEXT_H

/*
 * frame_text - stacks, one frame a line
 *
 * Addresses mean what was mapped there at the event that the stack belongs to.
 */

#include <stdio.h>
#include "cli/json.h"
#include "cli/ledger_view.h"
#include "ledger/ledger_trace.h"

/* Lines that begin with @indent blanks; at most @max. */
void frames_print(FILE *file, struct ledger_view *view, uint64_t event,
		  const struct ledger_trace *trace, int indent, unsigned max);

/* The same behind a label: the first line is not indented. */
void frames_print_here(FILE *file, struct ledger_view *view, uint64_t event,
		       const struct ledger_trace *trace, int indent, unsigned max);

/* The elements of an open array. */
void frames_json(struct json *json, struct ledger_view *view, uint64_t event,
		 const struct ledger_trace *trace);

#endif
