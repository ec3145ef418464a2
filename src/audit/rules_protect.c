/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules P (mprotect) and G (guards): what a change of protection reached, broke or opened
 */

#include <inttypes.h>
#include "base/text_format.h"
#include "audit/rules_protect.h"
#include "audit/audit_state.h"
#include "audit/finding_text.h"
#include "audit/pieces.h"
#include "vma/vm_abi.h"
#include "vma/vm_errno.h"

#define GUARD_MAX (64u << 10) /* larger areas without access are reserves, to be used later */

static bool is_accessible(const struct memory_area *area)
{
	return area != NULL && (area->flags & VM_PROT) != 0;
}

static bool differs(const struct memory_area *before, const struct memory_area *after)
{
	return (before == NULL) != (after == NULL) ||
	       (before != NULL && ((before->flags ^ after->flags) & (VM_PROT | VM_PKEY_MASK)) != 0);
}

/* -------------------------------------------------------------------- P01, P03, P06 */

/* What a protect did, piece by piece. */
struct protect_effect {
	uint64_t changed;  /* pages */
	bool last_changed; /* the page that an overhang is about */
};

static void see_piece(const struct change *change, struct addr_range range,
		      const struct memory_area *before, const struct memory_area *after,
		      void *context)
{
	struct protect_effect *effect = context;
	uint64_t last_page = change->audit->overhang.page;

	if (!differs(before, after))
		return;
	effect->changed += audit_pages(range);
	if (range.start <= last_page && last_page < range.end && before != NULL)
		effect->last_changed = true;
}

static void overhang(const struct change *change, const struct protect_effect *effect)
{
	const struct overhang *reached = &change->audit->overhang;
	uint64_t rest = reached->rest;
	struct audit_finding *finding;
	struct text text;

	if (!effect->last_changed || overhang_kind(reached) != OVERHANG_FOREIGN)
		return;
	finding = audit_report(change, RULE_P01,
			       (struct addr_range){ reached->page, reached->page + VM_PAGE_SIZE });
	if (finding == NULL)
		return;
	finding->victim = reached->last_origin;
	audit_begin_message(finding, &text);
	text_format(&text, "the last %" PRIu64 "%s", rest,
		    rest == 1 ? " byte of the length reached a page of the mapping of "
			      : " bytes of the length reached a page of the mapping of ");
	audit_say_event(&text, reached->last_origin);
}

static void partial(const struct change *change, const struct protect_effect *effect)
{
	const char *error = vm_errno_name((int)-change->call->result);
	struct audit_finding *finding;
	struct text text;

	if (!protect_is_partial(change->call, effect->changed))
		return;
	finding = audit_report(change, RULE_P03, change->event->ranges[0]);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "failed with %s, but changed %" PRIu64 " of %" PRIu64 " pages",
		    error != NULL ? error : "an error", effect->changed,
		    audit_pages(change->event->ranges[0]));
}

static void count_no_ops(const struct change *change, const struct protect_effect *effect)
{
	struct site_state *site = event_table_find(&change->audit->sites, change->owner.site);

	if (site == NULL || change->failed)
		return;
	site->n_protects++;
	site->n_no_ops += effect->changed == 0;
}

static void rules_of_protect(const struct change *change)
{
	struct protect_effect effect = { 0 };

	if (change->event->n_ranges == 0)
		return;
	audit_each_piece(change, see_piece, &effect);
	overhang(change, &effect);
	partial(change, &effect);
	count_no_ops(change, &effect);
}

/* ----------------------------------------------------------------------- P04 */

static void foreign(const struct change *change, struct addr_range range,
		    const struct memory_area *before, const struct memory_area *after)
{
	struct audit_finding *finding;
	struct text text;

	if (before == NULL || !differs(before, after) || change->owner.internal ||
	    !audit_is_foreign(change, audit_mapping(change->audit, before->origin)))
		return;
	finding = audit_report(change, RULE_P04, range);
	if (finding == NULL)
		return;
	finding->victim = before->origin;
	audit_begin_message(finding, &text);
	text_string(&text, "changed memory that another module had mapped with ");
	audit_say_event(&text, before->origin);
}

/* -------------------------------------------------------------------- G02, P05 */

/* pthread_create maps a stack without access, and opens all of it but the guard. */
static bool is_stack_guard(const struct change *change, const struct memory_area *before,
			   const struct mapping *mapping)
{
	return (mapping->map_flags & MAP_STACK) && mapping->guard != 0 &&
	       before->range.start < mapping->guard && before->range.end <= mapping->guard &&
	       !change->owner.internal;
}

/* What was open once and was closed by a call, is small, and lies beside open memory of its own. */
static bool is_closed_guard(const struct change *change, struct addr_range range,
			    const struct memory_area *before, const struct mapping *mapping)
{
	const struct memory_area *above = memory_set_find(change->space->set, range.end);

	return before->tag[VM_TAG_CHANGED] > before->origin && (mapping->prot & VM_PROT) != 0 &&
	       range.end - range.start <= GUARD_MAX && above != NULL &&
	       above->origin == before->origin && is_accessible(above) &&
	       audit_is_foreign(change, mapping);
}

static void report_guard(const struct change *change, enum audit_rule_place place,
			 struct addr_range range, uint64_t origin, const char *what)
{
	struct audit_finding *finding = audit_report(change, place, range);
	struct text text;

	if (finding == NULL)
		return;
	finding->victim = origin;
	audit_begin_message(finding, &text);
	text_string(&text, what);
	audit_say_event(&text, origin);
	text_string(&text, " was made accessible");
}

static void guard_opened(const struct change *change, struct addr_range range,
			 const struct memory_area *before, const struct memory_area *after)
{
	struct mapping *mapping;

	if (before == NULL || is_accessible(before) || !is_accessible(after))
		return;
	mapping = audit_mapping(change->audit, before->origin);
	if (mapping == NULL)
		return;
	if (is_stack_guard(change, before, mapping)) {
		report_guard(change, RULE_G02, range, before->origin,
			     "the guard of the stack mapped by ");
		return;
	}
	if ((mapping->map_flags & MAP_STACK) && mapping->guard == 0 &&
	    range.start > mapping->range.start)
		mapping->guard = range.start;
	if (!change->owner.internal && is_closed_guard(change, range, before, mapping))
		report_guard(change, RULE_P05, range, before->origin, "a guard in the mapping of ");
}

/* ------------------------------------------------------------------------- G03 */

static void guard_regions(const struct change *change)
{
	struct audit_finding *finding;
	struct text text;

	if (!audit_succeeded(change, VM_OP_MADVISE) ||
	    change->call->args[2] != MADV_GUARD_INSTALL || change->event->n_ranges == 0)
		return;
	finding = audit_report(change, RULE_G03, change->event->ranges[0]);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "%" PRIu64 "%s accessible in /proc/PID/maps", finding->n_pages,
		    finding->n_pages == 1 ? " page is guarded, and looks"
					  : " pages are guarded, and look");
}

/* ------------------------------------------------------------------------- all */

static void each_piece(const struct change *change, struct addr_range range,
		       const struct memory_area *before, const struct memory_area *after,
		       void *context)
{
	(void)context;
	foreign(change, range, before, after);
	guard_opened(change, range, before, after);
}

void rules_protect(const struct change *change)
{
	guard_regions(change);
	if (!vm_call_is_protect(change->call))
		return;
	rules_of_protect(change);
	audit_each_piece(change, each_piece, NULL);
}
