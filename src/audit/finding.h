/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_FINDING_H
#define AUDIT_FINDING_H

/*
 * finding - what rules found: one finding for each rule and call site, counted
 */

#include "audit/audit_rules.h"
#include "ledger/ledger_trace.h"
#include "vma/vm_call.h"
#include "vma/vm_space.h"

struct audit;
struct candidate;
struct change;
struct site_state;

/*
 * What a rule found. The same from the same call site is one finding, and counted.
 *
 * @event:   the first call that did it; 0: it is about the whole
 * @victim:  the event that had mapped what was harmed, 0: none or not known
 * @other:   another event that the message names, 0: none
 * @count:   how often; @last_event: the last of them
 * @n_pages: pages that it was about, in all
 * @message: one line
 */
struct audit_finding {
	const struct audit_rule *rule;
	enum audit_severity severity;
	uint64_t event;
	uint64_t ticks;
	uint32_t tid;
	uint32_t stack;
	uint64_t site;
	struct vm_call call;
	struct addr_range range;
	uint64_t victim;
	uint64_t other;
	uint64_t count;
	uint64_t last_event;
	uint64_t n_pages;
	char message[320];
};

/*
 * A call. @trace: the stack that made it, or NULL. @ranges: whole pages that it can
 * have changed.
 */
struct audit_event {
	uint64_t number;
	uint64_t ticks;
	bool finished;
	const struct vm_call *call;
	unsigned n_ranges;
	struct addr_range ranges[2];
	const struct ledger_trace *trace;
};

/*
 * Adds a finding of the caller's own: of a crash, or about the ledger itself. @event may be
 * NULL. The message is cut to fit.
 */
int audit_add(struct audit *audit, enum audit_rule_place place, enum audit_severity severity,
	      const struct audit_event *event, struct addr_range range, const char *message);

/* Hands out all findings: errors first, then in order of events. Valid until the next call. */
const struct audit_finding *audit_findings(struct audit *audit, size_t *n);

/* ------------------------------------------------------------------- for rules */

/*
 * Reports what a rule found in a call: a new finding, or one more of the same call site.
 *
 * Return: the finding; NULL when the rule is off or memory is short.
 */
struct audit_finding *audit_report(const struct change *change, enum audit_rule_place place,
				   struct addr_range range);

/* What a rule found that has more than one severity: is it the first at this site, or worse than
 * what was found there before? Then the finding is of this change, and its message is to be
 * written; else it stays as it is. */
bool audit_is_news(struct audit_finding *finding, const struct change *change,
		   struct addr_range range, enum audit_severity severity);

/* Has the rule found something in this very call? */
bool audit_has_reported(const struct change *change, enum audit_rule_place place);

/* Keeps a possible finding, to be looked at again in the end: nothing is reported until then. */
void audit_remember(const struct change *change, enum audit_rule_place place,
		    struct addr_range range, uint64_t origin);

/* Reports a finding of a call that audit_remember() kept; @space is the map in the end. */
struct audit_finding *audit_report_candidate(struct audit *audit, const struct vm_space *space,
					     const struct candidate *candidate);

/* Reports a finding about @site as a whole, in the end. */
struct audit_finding *audit_report_site(struct audit *audit, enum audit_rule_place place,
					const struct site_state *site);

#endif
