/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CRASH_TEXT_H
#define CLI_CRASH_TEXT_H

/*
 * crash_text - the explanation of a crash, in words
 */

#include "query/crash.h"

/* Tells the name of a kind of crash, for JSON: "refused", "unmapped", ... */
const char *crash_kind_name(enum crash_kind kind);

/* Tells the audit rule behind a hint: "P01"; NULL: there is none. */
const char *crash_hint_rule(enum crash_hint hint);

/* Appends the sentence that explains a crash: what was refused, and why. Ends with a full stop. */
void crash_sentence(const struct crash *crash, const struct ledger_view *view, struct text *text);

/* Appends how the crash came about; nothing when no rule fits. */
void crash_hint_sentence(const struct crash *crash, const struct ledger_view *view,
			 struct text *text);

/* Appends what the call that caused the crash did: "made r-- by", "unmapped by", ... */
void crash_cause_label(const struct crash *crash, struct text *text);

/* Appends the name of an area for a sentence: "libc.so.6", "[heap]", "anonymous memory". */
void crash_area_name(const struct ledger_view *view, const struct memory_area *area,
		     struct text *text);

#endif
