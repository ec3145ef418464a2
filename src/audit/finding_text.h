/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_FINDING_TEXT_H
#define AUDIT_FINDING_TEXT_H

/*
 * finding_text - words that the messages of several rules have in common
 */

#include "audit/finding.h"
#include "base/text.h"

/* An empty message for @finding, to be written into @text; it may be written anew each time. */
void audit_begin_message(struct audit_finding *finding, struct text *text);

/* "#42" */
void audit_say_event(struct text *text, uint64_t number);

/* "1 page", "3 pages" */
void audit_say_pages(struct text *text, uint64_t n);

/* "libc.so.6", "[heap]", "anonymous memory" */
void audit_name(const struct vm_space *space, const struct memory_area *area, struct text *text);

#endif
