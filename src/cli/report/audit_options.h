/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AUDIT_OPTIONS_H
#define CLI_AUDIT_OPTIONS_H

/*
 * audit_options - what `audit' and `run --check' are told about findings
 */

#include "cli/options/option_row.h"

/* Options that were not given are zero. */
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

/* @type is a struct of options with a struct audit_report_options that is called audit. */
#define AUDIT_ROW(type, row)                                                                       \
	OPTION_SHARED(type, audit, struct audit_report_options, &audit_option_rows[AUDIT_ROW_##row])

#endif
