/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/report/audit_report.h"

/* ------------------------------------------------------------------ --explain ID */

static void explain(const struct audit_rule *rule)
{
	printf("%s  %s (%s%s)\n\n  What     %s.\n  Why      %s\n  To try   %s\n", rule->id,
	       rule->name, audit_severity_name(rule->severity),
	       rule->optional ? ", only with --enable" : "", rule->title, rule->why, rule->fix);
}

static int explain_one(const char *id)
{
	const struct audit_rule *rule = audit_rule_find(id);

	if (strcmp(id, "all") == 0) {
		for (size_t i = 0; i < RULE_COUNT; i++)
			printf("%s  %-7s  %s\n", audit_rules[i].id,
			       audit_severity_name(audit_rules[i].severity), audit_rules[i].title);
		return CLI_FINE;
	}
	if (rule == NULL) {
		complain("audit: there is no rule %s; see: mapledger audit --explain all", id);
		return CLI_TROUBLE;
	}
	explain(rule);
	return CLI_FINE;
}

/* ------------------------------------------------------------------------ a ledger */

static bool print(const struct audit_report *report, const struct cli_options *options)
{
	struct json *json;

	if (options->sarif != NULL && !audit_write_sarif_file(options->sarif, report))
		return false;
	if (options->gen_suppressions) {
		audit_print_suppressions(report);
		return true;
	}
	if (!options->json) {
		audit_print(stdout, report, options->all);
		return true;
	}
	json = json_create();
	if (json == NULL) {
		complain("not enough memory");
		return false;
	}
	audit_print_json(report, json);
	json_destroy(json);
	return true;
}

static int show(struct ledger_view *view, const struct cli_options *options)
{
	struct audit_report report;
	int code = CLI_TROUBLE;

	if (audit_report_make(&report, view, options) && print(&report, options)) {
		stack_say_problems(report.symbolizer);
		code = audit_report_fails(&report, options, AUDIT_WARNING) ? CLI_DIFFERENT
									   : CLI_FINE;
	}
	audit_report_free(&report);
	return code;
}

int cmd_audit(const struct cli_options *options, int n_operands, char **operands)
{
	if (options->explain_rule != NULL)
		return explain_one(options->explain_rule);
	return view_show(options, n_operands, operands, show);
}
