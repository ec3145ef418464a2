/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules W: memory that may be written and executed; and P07, which is W04 for data
 */

#include <inttypes.h>
#include <string.h>
#include "base/text_format.h"
#include "audit/rules_memory.h"
#include "audit/audit_state.h"
#include "audit/finding_text.h"
#include "audit/pieces.h"
#include "audit/policy.h"
#include "base/text.h"
#include "vma/vm_abi.h"

#define WX (VM_WRITE | VM_EXEC)

static bool gained(const struct memory_area *before, const struct memory_area *after,
		   uint64_t right)
{
	return after != NULL && (after->flags & right) &&
	       (before == NULL || !(before->flags & right));
}

/* ------------------------------------------------------------------------- W01 */

static void writable_executable(const struct change *change, struct addr_range range,
				const struct memory_area *before, const struct memory_area *after)
{
	struct audit_finding *finding;
	struct text text;

	if (after == NULL || (after->flags & WX) != WX ||
	    (before != NULL && (before->flags & WX) == WX))
		return;
	finding = audit_report(change, RULE_W01, range);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	audit_say_pages(&text, finding->n_pages);
	text_string(&text, " of ");
	audit_name(change->space, after, &text);
	text_string(&text, " writable and executable at once");
}

/* ------------------------------------------------------------------------- W02 */

static void write_then_execute(const struct change *change, struct addr_range range,
			       const struct memory_area *before, const struct memory_area *after)
{
	struct audit_finding *finding;
	struct text text;

	if (before == NULL || after == NULL || !vm_call_is_protect(change->call) ||
	    (before->flags & WX) != VM_WRITE || (after->flags & WX) != VM_EXEC)
		return;
	finding = audit_report(change, RULE_W02, range);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	audit_say_pages(&text, finding->n_pages);
	text_string(&text, " went from writable to executable, never both at once");
}

/* ------------------------------------------------------------------------- W03 */

/* "the main thread's stack", "a thread's stack", "the heap"; NULL for other memory. */
static const char *stack_or_heap(const struct change *change, const struct memory_area *area)
{
	const struct mapping *mapping = audit_mapping(change->audit, area->origin);

	if (audit_is_main_stack(change->space, area))
		return "the main thread's stack";
	if (area->flags & VM_HEAP)
		return "the heap";
	if (mapping != NULL && (mapping->map_flags & MAP_STACK) && area->tag[VM_TAG_OBJECT] == 0)
		return "a thread's stack";
	return NULL;
}

static void executable_stack(const struct change *change, struct addr_range range,
			     const struct memory_area *before, const struct memory_area *after)
{
	struct audit_finding *finding;
	const char *what;
	struct text text;

	if (!gained(before, after, VM_EXEC))
		return;
	what = stack_or_heap(change, after);
	finding = what != NULL ? audit_report(change, RULE_W03, range) : NULL;
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "%s, ", what);
	audit_say_pages(&text, finding->n_pages);
	text_string(&text, ", became executable");
	if (vm_call_is_protect(change->call) &&
	    vm_page_up(change->call->args[1]) < finding->n_pages * VM_PAGE_SIZE) {
		text_format(&text, "; the call's length was %" PRIu64, change->call->args[1]);
	}
}

/* -------------------------------------------------------------------- W04, P07 */

/* Looked at again in the end: most who patch code put the protection back. */
static void module_writable(const struct change *change, struct addr_range range,
			    const struct memory_area *before, const struct memory_area *after)
{
	enum audit_rule_place place;

	if (before == NULL || !gained(before, after, VM_WRITE) ||
	    !vm_call_is_protect(change->call) || change->owner.internal ||
	    !(before->flags & VM_FILE) || (before->flags & VM_SHARED) ||
	    before->tag[VM_TAG_OBJECT] == 0 ||
	    !audit_is_module(change->space, (uint32_t)before->tag[VM_TAG_OBJECT]))
		return;
	place = before->flags & VM_EXEC ? RULE_W04 : RULE_P07;
	audit_remember(change, place, range, before->tag[VM_TAG_OBJECT]);
}

/* ------------------------------------------------------------------------- W05 */

static void refused_by_policy(const struct change *change, struct addr_range range,
			      const struct memory_area *before, const struct memory_area *after)
{
	unsigned refusals = policy_refusals(change, before, after);
	struct audit_finding *finding;
	struct text text;

	if (refusals == 0 || (after->flags & VM_OWN))
		return;
	finding = audit_report(change, RULE_W05, range);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_string(&text, "refused by ");
	policy_names(refusals, &text);
}

/* ------------------------------------------------------------------------- W06 */

static bool ends_with(const char *name, const char *with)
{
	size_t len = strlen(name), rest = strlen(with);

	return len >= rest && strcmp(name + len - rest, with) == 0;
}

/* What anonymous shared memory is called, and System V segments, is no file of anybody's. */
static const char *temporary(const char *name)
{
	if (text_begins_with(name, "/memfd:"))
		return "a file in memory";
	if (text_begins_with(name, "/dev/zero") || text_begins_with(name, "/SYSV"))
		return NULL;
	if (ends_with(name, " (deleted)"))
		return "a deleted file";
	if (text_begins_with(name, "/tmp/") || text_begins_with(name, "/var/tmp/") ||
	    text_begins_with(name, "/dev/shm/"))
		return "a temporary file";
	return NULL;
}

static void executable_temporary(const struct change *change, struct addr_range range,
				 const struct memory_area *before, const struct memory_area *after)
{
	const struct vm_object *object;
	struct audit_finding *finding;
	const char *what;
	struct text text;

	if (!gained(before, after, VM_EXEC))
		return;
	object = vm_objects_get(&change->space->objects, (uint32_t)after->tag[VM_TAG_OBJECT]);
	what = object != NULL ? temporary(object->name) : NULL;
	finding = what != NULL ? audit_report(change, RULE_W06, range) : NULL;
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "%s is executable: %s", object->name, what);
}

/* ------------------------------------------------------------------------- all */

static void each_piece(const struct change *change, struct addr_range range,
		       const struct memory_area *before, const struct memory_area *after,
		       void *context)
{
	(void)context;
	writable_executable(change, range, before, after);
	write_then_execute(change, range, before, after);
	executable_stack(change, range, before, after);
	module_writable(change, range, before, after);
	refused_by_policy(change, range, before, after);
	executable_temporary(change, range, before, after);
}

void rules_memory(const struct change *change)
{
	if (!change->failed || vm_call_is_protect(change->call))
		audit_each_piece(change, each_piece, NULL);
}

/* What was made writable, if it still is; else NULL. */
static const struct memory_area *find_writable(const struct vm_space *space,
					       const struct candidate *candidate)
{
	const struct memory_area *area = memory_set_find(space->set, candidate->range.start);
	bool still = area != NULL && (area->flags & VM_WRITE) &&
		     area->tag[VM_TAG_OBJECT] == candidate->origin;

	return still ? area : NULL;
}

void rules_memory_end(struct audit *audit, const struct vm_space *space)
{
	for (size_t i = 0; i < audit->n_candidates; i++) {
		const struct candidate *candidate = &audit->candidates[i];
		const struct memory_area *area = find_writable(space, candidate);
		struct audit_finding *finding;
		struct text text;

		if ((candidate->rule != RULE_W04 && candidate->rule != RULE_P07) || area == NULL)
			continue;
		finding = audit_report_candidate(audit, space, candidate);
		if (finding == NULL)
			continue;
		audit_begin_message(finding, &text);
		audit_say_pages(&text, finding->n_pages);
		text_string(&text, " of ");
		audit_name(space, area, &text);
		text_string(&text,
			    candidate->rule == RULE_W04
				    ? " with code were made writable, and still are in the end"
				    : " were read-only, and are writable in the end");
	}
}
