/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Findings, made new or counted once more; and candidates, which are decided in the end
 */

#include <errno.h>
#include <stdlib.h>
#include "audit/audit_state.h"
#include "audit/finding.h"
#include "audit/finding_text.h"

static bool rule_is_on(const struct audit *audit, enum audit_rule_place place)
{
	return !audit_rules[place].optional || (audit->options.optional >> place & 1);
}

static struct audit_finding *find_or_add(struct audit *audit, enum audit_rule_place place,
					 uint64_t site)
{
	bool is_new;
	size_t *index = event_table_add(&audit->finding_of, site * RULE_COUNT + place, &is_new);

	if (index == NULL ||
	    !audit_make_room((void **)&audit->findings, audit->n_findings,
			     &audit->findings_capacity, sizeof(*audit->findings))) {
		audit->out_of_memory = true;
		return NULL;
	}
	if (is_new) {
		*index = audit->n_findings++;
		audit->findings[*index] = (struct audit_finding){
			.rule = &audit_rules[place],
			.severity = audit_rules[place].severity,
			.site = site,
		};
	}
	return &audit->findings[*index];
}

/* Without a stack each operation is a site of its own. */
static uint64_t site_of(const struct change *change)
{
	return change->owner.site != 0 ? change->owner.site : change->call->op;
}

bool audit_has_reported(const struct change *change, enum audit_rule_place place)
{
	const struct audit *audit = change->audit;
	const size_t *index =
		event_table_find(&audit->finding_of, site_of(change) * RULE_COUNT + place);

	return index != NULL && audit->findings[*index].last_event == change->event->number;
}

/* Of the calls that a finding counts, one is shown. */
static void show_call(struct audit_finding *finding, const struct change *change,
		      struct addr_range range)
{
	finding->event = change->event->number;
	finding->ticks = change->event->ticks;
	finding->tid = change->call->tid;
	finding->stack = change->call->stack;
	finding->call = *change->call;
	finding->range = range;
}

struct audit_finding *audit_report(const struct change *change, enum audit_rule_place place,
				   struct addr_range range)
{
	const struct audit_event *event = change->event;
	struct audit_finding *finding;

	if (!rule_is_on(change->audit, place))
		return NULL;
	finding = find_or_add(change->audit, place, site_of(change));
	if (finding == NULL)
		return NULL;
	if (finding->count == 0)
		show_call(finding, change, range);
	/* One call may have several pieces. */
	if (finding->last_event != event->number)
		finding->count++;
	finding->last_event = event->number;
	finding->n_pages += audit_pages(range);
	return finding;
}

bool audit_is_news(struct audit_finding *finding, const struct change *change,
		   struct addr_range range, enum audit_severity severity)
{
	if (finding->count > 1 && severity <= finding->severity)
		return false;
	finding->severity = severity;
	show_call(finding, change, range);
	return true;
}

struct audit_finding *audit_report_site(struct audit *audit, enum audit_rule_place place,
					const struct site_state *site)
{
	struct audit_finding *finding = find_or_add(audit, place, site->owner.site);

	/* What a call reported says it better. */
	if (finding == NULL || finding->count > 0)
		return NULL;
	finding->event = site->event;
	finding->ticks = site->ticks;
	finding->tid = site->tid;
	finding->stack = site->stack;
	finding->count = site->n_calls;
	return finding;
}

void audit_remember(const struct change *change, enum audit_rule_place place,
		    struct addr_range range, uint64_t origin)
{
	struct audit *audit = change->audit;

	if (!audit_make_room((void **)&audit->candidates, audit->n_candidates,
			     &audit->candidates_capacity, sizeof(*audit->candidates))) {
		audit->out_of_memory = true;
		return;
	}
	audit->candidates[audit->n_candidates++] = (struct candidate){
		.rule = place,
		.range = range,
		.origin = origin,
		.event = change->event->number,
		.ticks = change->event->ticks,
		.site = change->owner.site,
		.call = *change->call,
	};
}

struct audit_finding *audit_report_candidate(struct audit *audit, const struct vm_space *space,
					     const struct candidate *candidate)
{
	const struct audit_event event = {
		.number = candidate->event,
		.ticks = candidate->ticks,
		.finished = true,
		.call = &candidate->call,
	};
	const struct change change = {
		.audit = audit,
		.space = space,
		.event = &event,
		.call = &candidate->call,
		.owner = { .site = candidate->site },
	};

	return audit_report(&change, candidate->rule, candidate->range);
}

/* What a rule has found already: then a crash says only how it ended. */
static struct audit_finding *find_same(struct audit *audit, enum audit_rule_place place,
				       const struct audit_event *event)
{
	for (size_t i = 0; event != NULL && i < audit->n_findings; i++) {
		struct audit_finding *finding = &audit->findings[i];

		if (finding->rule == &audit_rules[place] && finding->event == event->number)
			return finding;
	}
	return NULL;
}

int audit_add(struct audit *audit, enum audit_rule_place place, enum audit_severity severity,
	      const struct audit_event *event, struct addr_range range, const char *message)
{
	struct audit_finding *finding = find_same(audit, place, event);
	struct text text;

	/* One of its own each, whatever the call site. */
	if (finding == NULL)
		finding = find_or_add(audit, place, ~(uint64_t)audit->n_findings);
	if (finding == NULL)
		return -ENOMEM;
	finding->severity = severity;
	finding->count = 1;
	finding->range = range;
	if (event != NULL) {
		finding->event = finding->last_event = event->number;
		finding->ticks = event->ticks;
		finding->call = *event->call;
		finding->tid = event->call->tid;
		finding->stack = event->call->stack;
	}
	audit_begin_message(finding, &text);
	text_string(&text, message);
	return 0;
}

static int compare_findings(const void *a, const void *b)
{
	const struct audit_finding *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

const struct audit_finding *audit_findings(struct audit *audit, size_t *n)
{
	/* What was counted together stays together: nothing is added behind this. */
	event_table_finish(&audit->finding_of);
	if (audit->n_findings > 0)
		qsort(audit->findings, audit->n_findings, sizeof(*audit->findings),
		      compare_findings);
	*n = audit->n_findings;
	return audit->findings;
}
