/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/commands/cmd_audit.h"
#include "cli/options/open_ledger.h"
#include "cli/report/audit_report.h"
#include "cli/report/audit_sarif.h"
#include "cli/report/audit_screen.h"
#include "cli/text/output.h"

struct audit_command_options {
	struct common_options common;
	struct audit_report_options audit;
	const char *explain; /* the id of a rule, or "all" */
	bool gen_suppressions;
};

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

static bool print(const struct audit_report *report, const struct audit_command_options *options)
{
	struct json *json;

	if (options->audit.sarif != NULL && !audit_write_sarif_file(options->audit.sarif, report))
		return false;
	if (options->gen_suppressions) {
		audit_print_suppressions(report);
		return true;
	}
	if (!options->common.json) {
		audit_print(stdout, report, false);
		return true;
	}
	json = json_create();
	audit_print_json(report, json);
	json_destroy(json);
	return true;
}

static int show(struct ledger_view *view, const void *given)
{
	const struct audit_command_options *options = given;
	struct audit_report report;
	int code = CLI_TROUBLE;

	if (audit_report_make(&report, view, &options->audit) && print(&report, options))
		code = audit_report_fails(&report, &options->audit, AUDIT_WARNING) ? CLI_DIFFERENT
										   : CLI_FINE;
	audit_report_free(&report);
	return code;
}

static int cmd_audit(const void *given, int n_operands, char **operands)
{
	const struct audit_command_options *options = given;
	if (options->explain != NULL)
		return explain_one(options->explain);
	return open_and_show(&options->common, n_operands, operands, show, options);
}

static const struct option_row rows[] = {
	AUDIT_ROW(struct audit_command_options, FAIL_ON),
	{ "explain", 0, "RULE", "what a rule means, why it matters, what to try; or: all",
	  OPTION_TEXT(struct audit_command_options, explain) },
	AUDIT_ROW(struct audit_command_options, SUPPRESSIONS),
	{ "gen-suppressions", 0, NULL, "print such lines for all findings",
	  OPTION_FLAG(struct audit_command_options, gen_suppressions) },
	AUDIT_ROW(struct audit_command_options, BASELINE),
	AUDIT_ROW(struct audit_command_options, SARIF),
	AUDIT_ROW(struct audit_command_options, ENABLE),
	COMMON_ROW(struct audit_command_options, PID),
	COMMON_ROW(struct audit_command_options, JSON),
	COMMON_ROW(struct audit_command_options, COLOR),
	COMMON_ROW(struct audit_command_options, HELP),
};

const struct command command_audit = {
	.name = "audit",
	.usage = "[OPTION...] [FILE]",
	.summary = "findings: misuse of mprotect and munmap, dangerous memory, limits",
	.details = COMMAND_DETAILS_OF_FILE
	"\n"
	"Each finding says what, where, who and when, and what to try. Rules about whose\n"
	"memory it is go by the module of the first frame of a stack outside libc and\n"
	"allocators, and are silent inside one module.\n"
	"\n"
	"Exit status: 0 nothing at or above --fail-on, 1 findings, 2 can't be read.\n",
	COMMAND_OPTIONS(struct audit_command_options, rows),
	.run = cmd_audit,
	.trouble = CLI_TROUBLE,
};
