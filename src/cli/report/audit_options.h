/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AUDIT_OPTIONS_H
#define CLI_AUDIT_OPTIONS_H

/*
 * audit_options - the options about findings, of `audit' and `run --check'
 */

#include "cli/options/option_row.h"

/* The values of the options about findings; zero where not given. */
struct audit_report_options {
	unsigned fail_on; /* enum audit_severity; AUDIT_SEVERITIES: never */
	bool has_fail_on;
	const char *suppressions; /* a file */
	const char *baseline;	  /* a SARIF file */
	const char *sarif;	  /* where to write one */
	uint64_t optional_rules;  /* bits: places in audit_rules[] */
};

enum audit_row_id {
	AUDIT_ROW_FAIL_ON,
	AUDIT_ROW_SUPPRESSIONS,
	AUDIT_ROW_BASELINE,
	AUDIT_ROW_SARIF,
	AUDIT_ROW_ENABLE,
	AUDIT_ROWS,
};
extern const struct option_row audit_option_rows[AUDIT_ROWS];

/* A row of audit_option_rows, for the struct @type, which has audit_report_options called audit. */
#define AUDIT_ROW(type, row)                                                                       \
	OPTION_SHARED(type, audit, struct audit_report_options, &audit_option_rows[AUDIT_ROW_##row])

#endif
