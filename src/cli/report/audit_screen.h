/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AUDIT_SCREEN_H
#define CLI_AUDIT_SCREEN_H

/*
 * audit_screen - the findings of one ledger, printed
 */

#include <stdio.h>
#include "cli/report/audit_report.h"

/* Print the findings, as text or JSON. @all: also those that are suppressed or old. */
void audit_print(FILE *file, const struct audit_report *report, bool all);
void audit_print_json(const struct audit_report *report, struct json *json);
/* Prints lines for a suppression file, one for each finding. */
void audit_print_suppressions(const struct audit_report *report);

#endif
