/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules U: memory that is unmapped twice, too far, too short, or mapped over
 */

#include <inttypes.h>
#include <sys/mman.h>
#include "base/text_format.h"
#include "audit/rules_lifetime.h"
#include "audit/audit_state.h"
#include "audit/finding_text.h"
#include "audit/pieces.h"

/* Calls of its thread within which a mapping is still being trimmed, to be aligned. */
#define TRIMMING 2

/* What a range held before the call: whose the first area was, and how many pages in all. */
struct contents {
	bool any;
	uint64_t n_pages;
	uint64_t first_origin;
};

static void see_contents(const struct change *change, struct addr_range range,
			 const struct memory_area *before, const struct memory_area *after,
			 void *context)
{
	struct contents *contents = context;

	(void)change;
	(void)after;
	if (before == NULL)
		return;
	if (!contents->any)
		contents->first_origin = before->origin;
	contents->any = true;
	contents->n_pages += audit_pages(range);
}

static struct contents contents_of(const struct change *change)
{
	struct contents contents = { 0 };

	audit_each_piece(change, see_contents, &contents);
	return contents;
}

/* ------------------------------------------------------------------------- U01 */

static void unmapped_nothing(const struct change *change, const struct unmapping *last)
{
	struct addr_range range = change->event->ranges[0];
	struct audit_finding *finding = audit_report(change, RULE_U01, range);
	struct text text;

	if (finding == NULL || !audit_is_news(finding, change, range, AUDIT_WARNING))
		return;
	audit_begin_message(finding, &text);
	text_string(&text, "nothing was mapped there");
	if (last == NULL)
		return;
	finding->other = last->event;
	text_string(&text, ": ");
	audit_say_event(&text, last->event);
	text_string(&text, " had unmapped it");
}

/* One key for a place that maps and a place that unmaps; sites have fewer than 48 bits. */
static uint64_t release_key(const struct change *change, const struct mapping *mapping)
{
	return (mapping->owner.site << 24 | mapping->owner.site >> 40) ^ change->owner.site;
}

/*
 * The same thread unmaps the same range again; what lies there now was mapped by
 * another thread, for another purpose, after the first time. A thread that frees
 * what others hand it does the like all day: then both were mapped for one purpose,
 * or this place has unmapped what that place maps before, the pair of an allocator.
 */
static bool is_double(const struct change *change, const struct contents *contents,
		      const struct unmapping *last)
{
	const struct mapping *now, *then;

	if (last == NULL || !unmap_is_repeated(&last->call, change->call) ||
	    contents->first_origin < last->event || change->owner.internal)
		return false;
	now = audit_mapping(change->audit, contents->first_origin);
	then = audit_mapping(change->audit, last->victim);
	return now != NULL && then != NULL && now->tid != change->call->tid &&
	       then->tid == change->call->tid && now->owner.site != then->owner.site &&
	       event_table_find(&change->audit->releases, release_key(change, now)) == NULL;
}

static void unmapped_twice(const struct change *change, const struct contents *contents,
			   const struct unmapping *last)
{
	const struct mapping *victim = audit_mapping(change->audit, contents->first_origin);
	struct addr_range range = change->event->ranges[0];
	struct audit_finding *finding = audit_report(change, RULE_U01, range);
	struct text text;

	if (finding == NULL || !audit_is_news(finding, change, range, AUDIT_ERROR))
		return;
	finding->victim = contents->first_origin;
	finding->other = last->event;
	audit_begin_message(finding, &text);
	text_format(&text, "thread %" PRIu32 " unmapped this range a second time (first in ",
		    change->call->tid);
	audit_say_event(&text, last->event);
	text_string(&text, "), and took ");
	audit_say_pages(&text, contents->n_pages);
	text_format(&text, " that thread %" PRIu32 " had mapped meanwhile with ", victim->tid);
	audit_say_event(&text, contents->first_origin);
}

static void remember_release(const struct change *change, const struct contents *contents)
{
	const struct mapping *mapping = audit_mapping(change->audit, contents->first_origin);
	bool is_new;

	if (mapping != NULL && event_table_add(&change->audit->releases,
					       release_key(change, mapping), &is_new) == NULL)
		change->audit->out_of_memory = true;
}

static void remember_unmapping(const struct change *change, const struct contents *contents)
{
	struct unmapping *unmapping;
	bool is_new;

	unmapping = event_table_add(&change->audit->unmappings, change->event->ranges[0].start,
				    &is_new);
	if (unmapping == NULL) {
		change->audit->out_of_memory = true;
		return;
	}
	*unmapping = (struct unmapping){
		.event = change->event->number,
		.victim = contents->first_origin,
		.call = *change->call,
	};
}

/* ------------------------------------------------------------------------- U02 */

static void unmapped_foreign(const struct change *change, struct addr_range range,
			     const struct memory_area *before, const struct memory_area *after,
			     void *context)
{
	const struct mapping *mapping;
	struct audit_finding *finding;
	struct text text;

	(void)context;
	if (before == NULL || after != NULL || change->owner.internal || (before->flags & VM_OWN))
		return;
	mapping = audit_mapping(change->audit, before->origin);
	if (!audit_is_foreign(change, mapping) || mapping->owner.internal)
		return;
	finding = audit_report(change, RULE_U02, range);
	if (finding == NULL)
		return;
	finding->victim = before->origin;
	audit_begin_message(finding, &text);
	audit_say_pages(&text, finding->n_pages);
	text_string(&text, " that another module had mapped with ");
	audit_say_event(&text, before->origin);
}

/* ------------------------------------------------------------------------- U03 */

static void too_long(const struct change *change)
{
	const struct overhang *reached = &change->audit->overhang;
	struct audit_finding *finding;
	struct text text;

	if (change->owner.internal || overhang_kind(reached) != OVERHANG_FOREIGN)
		return;
	finding = audit_report(change, RULE_U03,
			       (struct addr_range){ reached->page, reached->page + VM_PAGE_SIZE });
	if (finding == NULL)
		return;
	finding->severity = AUDIT_ERROR;
	finding->victim = reached->last_origin;
	audit_begin_message(finding, &text);
	text_format(&text,
		    "the last %" PRIu64 "%s of the length unmapped 1 page of the mapping of ",
		    reached->rest, reached->rest == 1 ? " byte" : " bytes");
	audit_say_event(&text, reached->last_origin);
}

/* From the mapping's start, but not to its end, and long after it was made: the rest may leak. */
static void too_short(const struct change *change, const struct contents *contents)
{
	const struct mapping *mapping = audit_mapping(change->audit, contents->first_origin);
	uint64_t end = change->event->ranges[0].end;
	const struct memory_area *rest;

	if (mapping == NULL || mapping->range.start != change->event->ranges[0].start ||
	    end >= mapping->range.end || change->owner.internal ||
	    (mapping->tid == change->call->tid &&
	     audit_thread_seq(change) - mapping->thread_seq <= TRIMMING))
		return;
	rest = memory_set_find(change->space->set, end);
	if (rest == NULL || rest->origin != contents->first_origin)
		return;
	audit_remember(change, RULE_U03, (struct addr_range){ end, mapping->range.end },
		       contents->first_origin);
}

/* ---------------------------------------------------------------------- munmap */

static void rules_of_munmap(const struct change *change)
{
	struct contents contents = contents_of(change);
	const struct unmapping *last =
		event_table_find(&change->audit->unmappings, change->event->ranges[0].start);

	if (!contents.any)
		unmapped_nothing(change, last);
	else if (is_double(change, &contents, last))
		unmapped_twice(change, &contents, last);
	else
		remember_release(change, &contents);
	audit_each_piece(change, unmapped_foreign, NULL);
	too_long(change);
	too_short(change, &contents);
	remember_unmapping(change, &contents);
}

/* -------------------------------------------------------------------- U04, U05 */

/* Whose memory is this, as far as it matters who maps over it? NULL: the caller's own. */
static const char *owner_of_victim(const struct change *change, const struct memory_area *area)
{
	const struct mapping *mapping = audit_mapping(change->audit, area->origin);

	if (area->flags & VM_HEAP)
		return "the heap";
	if (audit_is_main_stack(change->space, area))
		return "the main thread's stack";
	if ((area->flags & VM_FILE) && !(area->flags & VM_SHARED) &&
	    (mapping == NULL || mapping->owner.internal) &&
	    audit_is_module(change->space, (uint32_t)area->tag[VM_TAG_OBJECT]))
		return "a program or library";
	/* A stack is the thread's that runs on it: runtimes make their guards there. */
	if (!audit_is_foreign(change, mapping) || (mapping->map_flags & MAP_STACK))
		return NULL;
	return "another module";
}

static void clobbered(const struct change *change, struct addr_range range,
		      const struct memory_area *before, const struct memory_area *after,
		      void *context)
{
	struct audit_finding *finding;
	const char *whose;
	struct text text;

	(void)after;
	(void)context;
	if (before == NULL || (before->flags & VM_PROT) == 0 || change->owner.internal)
		return;
	whose = owner_of_victim(change, before);
	finding = whose != NULL ? audit_report(change, RULE_U04, range) : NULL;
	if (finding == NULL)
		return;
	finding->victim = before->origin;
	audit_begin_message(finding, &text);
	text_string(&text, "took ");
	audit_say_pages(&text, finding->n_pages);
	text_format(&text, " of %s (", whose);
	audit_name(change->space, before, &text);
	text_string(&text, "); what was in them is lost");
	if (before->origin != 0) {
		text_string(&text, "; mapped by ");
		audit_say_event(&text, before->origin);
	}
}

/* The thread's last call unmapped this very range. */
static bool follows_unmap(const struct change *change, const struct thread_state *thread)
{
	struct addr_range range = change->event->ranges[0];

	return thread != NULL && thread->call.op == VM_OP_MUNMAP &&
	       !vm_call_failed(&thread->call) && thread->call.args[0] == range.start &&
	       vm_page_up(thread->call.args[1]) == range.end - range.start;
}

static void window(const struct change *change)
{
	const struct thread_state *thread =
		event_table_find(&change->audit->threads, change->call->tid);
	struct addr_range range = change->event->ranges[0];
	struct contents contents;
	const struct mapping *victim;
	struct audit_finding *finding;
	bool lost;
	struct text text;

	if (!follows_unmap(change, thread))
		return;
	finding = audit_report(change, RULE_U05, range);
	if (finding == NULL)
		return;
	contents = contents_of(change);
	victim = audit_mapping(change->audit, contents.first_origin);
	lost = victim != NULL && victim->tid != change->call->tid &&
	       contents.first_origin > thread->event;
	if (!audit_is_news(finding, change, range, lost ? AUDIT_ERROR : AUDIT_NOTE))
		return;
	finding->other = thread->event;
	audit_begin_message(finding, &text);
	if (!lost) {
		text_string(&text, "another thread could have been given the range since munmap ");
		audit_say_event(&text, thread->event);
		return;
	}
	finding->victim = contents.first_origin;
	text_format(&text, "thread %" PRIu32 " was given the range by ", victim->tid);
	audit_say_event(&text, contents.first_origin);
	text_string(&text, ", between munmap ");
	audit_say_event(&text, thread->event);
	text_string(&text, " and this call, and lost it");
}

static void rules_of_fixed(const struct change *change)
{
	if (!call_takes_place(change->call))
		return;
	audit_each_piece(change, clobbered, NULL);
	window(change);
}

/* ------------------------------------------------------------------------- U09 */

static void hint(const struct change *change)
{
	uint64_t wanted = change->call->args[0];
	struct audit_finding *finding;
	struct text text;

	if (wanted == 0 || (change->call->args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) ||
	    vm_page_down(wanted) == (uint64_t)change->call->result)
		return;
	finding = audit_report(change, RULE_U09, change->event->ranges[0]);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "asked for 0x%" PRIx64 ", and was given 0x%" PRIx64, wanted,
		    (uint64_t)change->call->result);
}

/* ------------------------------------------------------------------------- all */

void rules_lifetime(const struct change *change)
{
	if (change->failed || change->event->n_ranges == 0)
		return;
	if (change->call->op == VM_OP_MUNMAP) {
		rules_of_munmap(change);
	} else if (change->call->op == VM_OP_MMAP) {
		rules_of_fixed(change);
		hint(change);
	}
}

/* What was left behind, if it still is there. */
void rules_lifetime_end(struct audit *audit, const struct vm_space *space)
{
	for (size_t i = 0; i < audit->n_candidates; i++) {
		const struct candidate *candidate = &audit->candidates[i];
		const struct memory_area *rest;
		struct audit_finding *finding;
		struct text text;

		if (candidate->rule != RULE_U03)
			continue;
		rest = memory_set_find(space->set, candidate->range.start);
		if (rest == NULL || rest->origin != candidate->origin)
			continue;
		finding = audit_report_candidate(audit, space, candidate);
		if (finding == NULL || finding->severity == AUDIT_ERROR)
			continue;
		finding->victim = candidate->origin;
		audit_begin_message(finding, &text);
		text_string(&text, "left ");
		audit_say_pages(&text, finding->n_pages);
		text_format(&text, " of %" PRIu64 "%s behind, which are never unmapped",
			    finding->count, finding->count == 1 ? " mapping" : " mappings");
	}
}
