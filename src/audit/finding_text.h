/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_FINDING_TEXT_H
#define AUDIT_FINDING_TEXT_H

/*
 * finding_text - words that the messages of several rules have in common
 */

#include "audit/finding.h"
#include "base/text.h"

/* Begins the message of @finding: it is written into @text, in place of an earlier one. */
void audit_begin_message(struct audit_finding *finding, struct text *text);

/* Appends the number of an event: "#42". */
void audit_say_event(struct text *text, uint64_t number);

/* Appends a number of pages: "1 page", "3 pages". */
void audit_say_pages(struct text *text, uint64_t n);

/* Appends the name of an area: "libc.so.6", "[heap]", "anonymous memory". */
void audit_name(const struct vm_space *space, const struct memory_area *area, struct text *text);

#endif
