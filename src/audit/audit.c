/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine of the audit: shows each call, with both sides of what it touched, to every rule
 */

#include <errno.h>
#include <stdlib.h>
#include "audit/audit.h"
#include "audit/audit_state.h"
#include "audit/pieces.h"
#include "audit/rules_expect.h"
#include "audit/rules_lifetime.h"
#include "audit/rules_limits.h"
#include "audit/rules_memory.h"
#include "audit/rules_protect.h"

/* ------------------------------------------------------------------- begin, end */

struct audit *audit_create(const struct audit_options *options)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL)
		return NULL;
	audit->options = *options;
	if (audit->options.max_map_count == 0)
		audit->options.max_map_count = 65530; /* DEFAULT_MAX_MAP_COUNT of the kernel */
	event_table_init(&audit->finding_of, sizeof(size_t));
	event_table_init(&audit->mappings, sizeof(struct mapping));
	event_table_init(&audit->unmappings, sizeof(struct unmapping));
	event_table_init(&audit->releases, sizeof(bool));
	event_table_init(&audit->threads, sizeof(struct thread_state));
	event_table_init(&audit->sites, sizeof(struct site_state));
	return audit;
}

void audit_destroy(struct audit *audit)
{
	if (audit == NULL)
		return;
	event_table_finish(&audit->finding_of);
	event_table_finish(&audit->mappings);
	event_table_finish(&audit->unmappings);
	event_table_finish(&audit->releases);
	event_table_finish(&audit->threads);
	event_table_finish(&audit->sites);
	free(audit->findings);
	free(audit->candidates);
	free(audit->expectations);
	free(audit->before.areas);
	free(audit->after.areas);
	free(audit);
}

static void note_unmapped_piece(const struct change *change, struct addr_range range,
				const struct memory_area *before, const struct memory_area *after,
				void *context)
{
	struct mapping *mapping = before != NULL && after == NULL
					  ? audit_mapping(change->audit, before->origin)
					  : NULL;
	struct site_state *site;

	(void)range;
	(void)context;
	if (mapping == NULL || mapping->unmapped_by != 0)
		return;
	mapping->unmapped_by = change->event->number;
	site = event_table_find(&change->audit->sites, mapping->owner.site);
	if (site != NULL)
		site->n_unmapped++;
}

/* -------------------------------------------------------------------- each call */

int audit_before(struct audit *audit, const struct vm_space *space, const struct audit_event *event)
{
	audit->count_before = memory_set_count(space->set);
	audit->overhang = overhang_of_call(space, event->call);
	return audit_list_ranges(&audit->before, space, event) ? 0 : -ENOMEM;
}

int audit_after(struct audit *audit, const struct vm_space *space, const struct audit_event *event)
{
	struct change change = {
		.audit = audit,
		.space = space,
		.event = event,
		.call = event->call,
		.owner = owner_of_trace(space, event->trace),
		.failed = vm_call_failed(event->call),
	};

	if (!event->finished)
		return 0;
	if (!audit_list_ranges(&audit->after, space, event))
		return -ENOMEM;
	audit_note_call(&change);
	rules_memory(&change);
	rules_protect(&change);
	rules_lifetime(&change);
	rules_limits(&change);
	rules_expect(&change);
	if (event->call->op == VM_OP_MUNMAP || event->call->op == VM_OP_MMAP)
		audit_each_piece(&change, note_unmapped_piece, NULL);
	audit_note_thread(&change);
	return audit->out_of_memory ? -ENOMEM : 0;
}

int audit_end(struct audit *audit, const struct vm_space *space)
{
	rules_memory_end(audit, space);
	rules_lifetime_end(audit, space);
	rules_limits_end(audit, space);
	return audit->out_of_memory ? -ENOMEM : 0;
}
