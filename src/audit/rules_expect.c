/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rule G02 where the program itself says, with ml_expect(), what permissions it relies on
 */

#include <inttypes.h>
#include <errno.h>
#include "base/text_format.h"
#include "audit/rules_expect.h"
#include "audit/audit_state.h"
#include "audit/finding_text.h"
#include "audit/pieces.h"

static void say_prot(struct text *text, uint64_t prot)
{
	text_format(text, "%c%c%c", prot & VM_READ ? 'r' : '-', prot & VM_WRITE ? 'w' : '-',
		    prot & VM_EXEC ? 'x' : '-');
}

/* Nothing mapped is as good as no access. */
static uint64_t prot_of(const struct memory_area *area)
{
	return area != NULL ? area->flags & VM_PROT : 0;
}

static void say_broken(struct text *text, const struct expectation *expectation,
		       const struct memory_area *area)
{
	text_string(text, "expected ");
	say_prot(text, expectation->prot);
	text_string(text, ", said behind ");
	audit_say_event(text, expectation->event);
	if (area == NULL) {
		text_string(text, "; nothing is mapped there");
		return;
	}
	text_string(text, "; it is ");
	say_prot(text, area->flags);
}

/* ---------------------------------------------------------------- broken later */

static void each_piece(const struct change *change, struct addr_range range,
		       const struct memory_area *before, const struct memory_area *after,
		       void *context)
{
	const struct expectation *expectation = context;
	struct audit_finding *finding;
	struct text text;

	if (range.end <= expectation->range.start || range.start >= expectation->range.end ||
	    prot_of(before) != expectation->prot || prot_of(after) == expectation->prot)
		return;
	finding = audit_report(change, RULE_G02, range);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	say_broken(&text, expectation, after);
}

static bool touches(const struct change *change, struct addr_range range)
{
	for (unsigned i = 0; i < change->event->n_ranges; i++)
		if (change->event->ranges[i].start < range.end &&
		    range.start < change->event->ranges[i].end)
			return true;
	return false;
}

void rules_expect(const struct change *change)
{
	struct audit *audit = change->audit;

	for (size_t i = 0; i < audit->n_expectations; i++)
		if (touches(change, audit->expectations[i].range))
			audit_each_piece(change, each_piece, &audit->expectations[i]);
}

/* ---------------------------------------------------------------- broken at once */

/* The first page that is not as expected; the range's end when all are. */
static uint64_t find_broken(const struct vm_space *space, const struct expectation *expectation,
			    const struct memory_area **area)
{
	uint64_t at = expectation->range.start;

	while (at < expectation->range.end) {
		*area = memory_set_find(space->set, at);
		if (prot_of(*area) != expectation->prot)
			return at;
		if (*area == NULL) {
			const struct memory_area *next = memory_set_find_from(space->set, at);

			at = next != NULL ? next->range.start : expectation->range.end;
		} else {
			at = (*area)->range.end;
		}
	}
	return expectation->range.end;
}

static int judge_now(struct audit *audit, const struct vm_space *space,
		     const struct expectation *expectation)
{
	const struct memory_area *area = NULL;
	uint64_t at = find_broken(space, expectation, &area);
	char buffer[160];
	struct text text;

	if (at >= expectation->range.end)
		return 0;
	text_init(&text, buffer, sizeof(buffer));
	text_format(&text, "at 0x%" PRIx64 " ", at);
	say_broken(&text, expectation, area);
	return audit_add(audit, RULE_G02, AUDIT_ERROR, NULL,
			 (struct addr_range){ at, at + VM_PAGE_SIZE }, buffer);
}

/* The same range: what was said before does not count any more. */
static struct expectation *find_place(struct audit *audit, struct addr_range range)
{
	for (size_t i = 0; i < audit->n_expectations; i++)
		if (audit->expectations[i].range.start == range.start &&
		    audit->expectations[i].range.end == range.end)
			return &audit->expectations[i];
	if (!audit_make_room((void **)&audit->expectations, audit->n_expectations,
			     &audit->expectations_capacity, sizeof(*audit->expectations)))
		return NULL;
	return &audit->expectations[audit->n_expectations++];
}

int audit_expect(struct audit *audit, const struct vm_space *space, struct addr_range range,
		 uint64_t prot, uint64_t event)
{
	struct expectation *place = find_place(audit, range);

	if (place == NULL)
		return -ENOMEM;
	*place = (struct expectation){ range, prot, event };
	return judge_now(audit, space, place);
}
