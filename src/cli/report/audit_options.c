/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "audit/audit.h"
#include "cli/report/audit_options.h"

static const char *parse_fail_on(const char *value, void *field)
{
	unsigned *severity = field;

	for (*severity = 0; *severity < AUDIT_SEVERITIES; (*severity)++)
		if (strcmp(value, audit_severity_name(*severity)) == 0)
			return NULL;
	return strcmp(value, "never") == 0 ? NULL : "is not one of error, warning, note, never";
}

static const char *parse_rule(const char *value, void *field)
{
	const struct audit_rule *rule = audit_rule_find(value);
	uint64_t *rules = field;

	if (rule == NULL)
		return "is not a rule; see: mapledger audit --explain all";
	*rules |= 1ULL << (rule - audit_rules);
	return NULL;
}

const struct option_row audit_option_rows[AUDIT_ROWS] = {
	[AUDIT_ROW_FAIL_ON] = { "fail-on", 0, "error|warning|note|never",
				"the least severe finding that makes the exit status say so "
				"(default warning; of run --check: error)",
				OPTION_PARSED(struct audit_report_options, fail_on, parse_fail_on),
				.given = offsetof(struct audit_report_options, has_fail_on) },
	[AUDIT_ROW_SUPPRESSIONS] = { "supp", 0, "FILE",
				     "findings to pass over: lines of RULE:fun|obj|src|path:GLOB",
				     OPTION_TEXT(struct audit_report_options, suppressions) },
	[AUDIT_ROW_BASELINE] = { "baseline", 0, "FILE",
				 "a SARIF file: findings that are in it do not count",
				 OPTION_TEXT(struct audit_report_options, baseline) },
	[AUDIT_ROW_SARIF] = { "sarif", 0, "FILE", "also write the findings as SARIF 2.1.0",
			      OPTION_TEXT(struct audit_report_options, sarif) },
	[AUDIT_ROW_ENABLE] = { "enable", 0, "RULE", "use a rule that is off by default (P04)",
			       OPTION_PARSED(struct audit_report_options, optional_rules,
					     parse_rule) },
};
