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

/* "SIGSEGV" */
void text_signal(struct text *text, uint32_t number);

/* "SEGV_ACCERR", or NULL for a code without a name. */
const char *fault_code_name(const struct ledger_fault *fault);

/* "read", "write", "execute"; NULL when the processor did not say. */
const char *fault_access_name(const struct ledger_fault *fault);

/* "killed by SIGSEGV (SEGV_ACCERR), write to 0x7f..., after #42" */
void fault_text(struct text *text, const struct ledger_view *view);

/* An object under @key, with everything; null when there was no fault. */
void fault_json(struct json *json, const char *key, const struct ledger_view *view);

#endif
