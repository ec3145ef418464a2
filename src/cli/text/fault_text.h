/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FAULT_TEXT_H
#define CLI_FAULT_TEXT_H

/*
 * fault_text - the signal that ended a process, in words
 */

#include <stdbool.h>
#include "base/text.h"
#include "cli/text/json.h"
#include "query/ledger_view.h"
#include "ledger/ledger_trace.h"

/* Appends the name of a signal: "SIGSEGV". */
void text_signal(struct text *text, uint32_t number);

/* Tells the name of a fault's si_code: "SEGV_ACCERR"; NULL: there is none. */
const char *fault_code_name(const struct ledger_fault *fault);

/* Tells the access that failed: "read", "write", "execute"; NULL: the processor did not say. */
const char *fault_access_name(const struct ledger_fault *fault);

/* Appends a fault: "killed by SIGSEGV (SEGV_ACCERR), write to 0x7f..., after #42". */
void fault_text(struct text *text, const struct ledger_view *view);

/* Writes a fault as a JSON object under @key; null when there was none. */
void fault_json(struct json *json, const char *key, const struct ledger_view *view);

#endif
