/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_NAMES_H
#define CLI_DIFF_NAMES_H

/*
 * diff_names - which calls made the difference, and from which place in the program
 */

#include "cli/commands/diff.h"

/* "main demo.c:11", when the stack of the call is known. */
void diff_say_who(const struct diff_subject *subject, uint64_t event, struct text *text);

/* What areas of @subject are paired by with --rel. */
void diff_make_keys(struct comparing *comparing, struct diff_subject *subject);

/* Find and name the call behind each change. */
void diff_name_changes(struct comparing *comparing);

#endif
