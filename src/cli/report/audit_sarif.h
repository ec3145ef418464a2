/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AUDIT_SARIF_H
#define CLI_AUDIT_SARIF_H

/*
 * audit_sarif - findings as SARIF 2.1.0, for systems that show them beside the code
 * (OASIS, sarif-v2.1.0-os)
 */

#include <stdbool.h>
#include "cli/report/audit_report.h"

/* Writes the findings to a SARIF file. Return: false after a complaint. */
bool audit_write_sarif_file(const char *path, const struct audit_report *report);

#endif
