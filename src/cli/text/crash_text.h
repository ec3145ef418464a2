/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CRASH_TEXT_H
#define CLI_CRASH_TEXT_H

/*
 * crash_text - a crash in words
 */

#include "query/crash.h"

/* "refused", "unmapped", ...: for programs. */
const char *crash_kind_name(enum crash_kind kind);

/* "P01", or NULL. */
const char *crash_hint_rule(enum crash_hint hint);

/* The sentence that explains it: what was refused, and why. Ends with a full stop. */
void crash_sentence(const struct crash *crash, const struct ledger_view *view, struct text *text);

/* How it came about; nothing when no rule fits. */
void crash_hint_sentence(const struct crash *crash, const struct ledger_view *view,
			 struct text *text);

/* "made r-- by", "unmapped by", "replaced by" ...: what made_so did. */
void crash_cause_label(const struct crash *crash, struct text *text);

/* The name of an area for a sentence: "libc.so.6", "[heap]", "anonymous memory". */
void crash_area_name(const struct ledger_view *view, const struct memory_area *area,
		     struct text *text);

#endif
