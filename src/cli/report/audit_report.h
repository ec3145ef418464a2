/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AUDIT_REPORT_H
#define CLI_AUDIT_REPORT_H

/*
 * audit_report - the findings of one ledger, with named stacks, and which are already known
 */

#include <stdio.h>
#include "audit/audit.h"
#include "cli/report/audit_options.h"
#include "cli/options/command.h"
#include "cli/report/suppress.h"
#include "cli/text/json.h"
#include "query/event_stacks.h"

/*
 * One finding, with its names.
 *
 * @stack, @victim_stack: of the guilty call, and of the one that mapped what was
 *               harmed; NULL: not known
 * @suppressed:  by a line of a suppression file
 * @is_old:      in the baseline
 * @fingerprint: of rule, function and module: the same in every run
 */
struct audit_row {
	const struct audit_finding *finding;
	const struct named_stack *stack;
	const struct named_stack *victim_stack;
	bool suppressed;
	bool is_old;
	char fingerprint[24];
};

struct audit_report {
	struct ledger_view *view;
	struct audit *audit;
	struct event_stack *stacks; /* of all events that are named */
	size_t n_stacks;
	struct audit_row *rows;
	size_t n;
	uint64_t counts[AUDIT_SEVERITIES]; /* that are neither suppressed nor old */
	uint64_t n_suppressed;
	uint64_t n_old;
};

/*
 * Audits a ledger, and names what is found. Return: false after a complaint. @report must be
 * freed in any case.
 */
bool audit_report_make(struct audit_report *report, struct ledger_view *view,
		       const struct audit_report_options *options);
void audit_report_free(struct audit_report *report);

/* Is anything at or above --fail-on, or else @severity, neither suppressed nor old? */
bool audit_report_fails(const struct audit_report *report,
			const struct audit_report_options *options, enum audit_severity severity);

#endif
