/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_NAMES_H
#define CLI_DIFF_NAMES_H

/*
 * diff_names - which calls made the difference, and from which place in the program
 */

#include "cli/commands/diff.h"

/* Appends the place that made the call @event: "main demo.c:11"; nothing when it is not known. */
void diff_say_who(const struct diff_subject *subject, uint64_t event, struct text *text);

/*
 * Gives each area of @subject a key that stays the same from run to run, by which --rel pairs the
 * areas of two maps.
 */
void diff_make_keys(struct diff_pair *pair, struct diff_subject *subject);

/* Finds and names the call behind each change. */
void diff_name_changes(struct diff_pair *pair);

#endif
