/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Words that the messages of several rules have in common: an event's number, pages, the name
 * of an area
 */

#include <inttypes.h>
#include <string.h>
#include "base/text_format.h"
#include "audit/audit_state.h"
#include "audit/finding_text.h"

void audit_begin_message(struct audit_finding *finding, struct text *text)
{
	text_init(text, finding->message, sizeof(finding->message));
}

void audit_say_event(struct text *text, uint64_t number)
{
	text_format(text, "#%" PRIu64, number);
}

void audit_say_pages(struct text *text, uint64_t n)
{
	text_format(text, "%" PRIu64 "%s", n, n == 1 ? " page" : " pages");
}

void audit_name(const struct vm_space *space, const struct memory_area *area, struct text *text)
{
	const struct vm_object *object =
		vm_objects_get(&space->objects, (uint32_t)area->tag[VM_TAG_OBJECT]);
	const char *slash = object != NULL ? strrchr(object->name, '/') : NULL;

	if (object != NULL)
		text_string(text, slash != NULL && slash[1] != '\0' ? slash + 1 : object->name);
	else if (area->flags & VM_HEAP)
		text_string(text, "[heap]");
	else if (audit_is_main_stack(space, area))
		text_string(text, "[stack]");
	else
		text_string(text, "anonymous memory");
}
