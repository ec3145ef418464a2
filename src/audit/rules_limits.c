/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules L (limits and leaks), A (the layout), U08 (calls that failed) and G01 (stacks without
 * guard)
 */

#include <inttypes.h>
#include <errno.h>
#include "base/text_format.h"
#include "audit/rules_limits.h"
#include "audit/audit_state.h"
#include "audit/finding_text.h"
#include "audit/pieces.h"
#include "vma/vm_abi.h"
#include "vma/vm_errno.h"

#define NEAR_LIMIT     80 /* percent of vm.max_map_count */
#define AT_LIMIT       97
#define LEAK_SAME_FILE 100 /* live mappings of one file from one site */
#define LEAK_ANONYMOUS 5000
#define STORM	       1000
#define FRAGMENTS      1000
#define LOW_ADDRESS    0x10000000ULL

static uint64_t percent_of_limit(const struct audit *audit, uint64_t count)
{
	return count * 100 / audit->options.max_map_count;
}

/* ------------------------------------------------------------------------- U08 */

static bool is_huge(const struct change *change)
{
	const struct memory_area *area = memory_set_find(change->space->set, change->call->args[0]);

	return area != NULL && (area->flags & VM_HUGE_MASK);
}

static bool near_limit(const struct change *change)
{
	return percent_of_limit(change->audit, change->audit->count_before) >= AT_LIMIT;
}

/* Calls that begin with the address of a range, and refuse one within a page. */
static bool takes_pages(const struct vm_call *call)
{
	switch (call->op) {
	case VM_OP_MMAP: /* a mere hint is rounded */
		return (call->args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
	case VM_OP_MUNMAP:
	case VM_OP_MPROTECT:
	case VM_OP_PKEY_MPROTECT:
	case VM_OP_MREMAP:
	case VM_OP_MADVISE:
	case VM_OP_MSEAL:
		return true;
	}
	return false;
}

/* Memory is given a name, for those who read the map. */
static bool is_naming(const struct vm_call *call)
{
	return call->op == VM_OP_PRCTL && call->args[0] == PR_SET_VMA &&
	       call->args[1] == PR_SET_VMA_ANON_NAME;
}

/* What an error of this call means here; NULL: nothing more than its name. */
static const char *meaning(const struct change *change)
{
	const struct vm_call *call = change->call;
	int error = (int)-call->result;
	bool unaligned = (call->args[0] & (VM_PAGE_SIZE - 1)) != 0;

	if (error == ENOMEM && near_limit(change))
		return "the number of mappings is at vm.max_map_count";
	if (error == EINVAL && is_huge(change))
		return "on huge pages address and length must be multiples of their size";
	if (error == EINVAL && is_naming(call))
		return "this kernel has no names for anonymous memory (CONFIG_ANON_VMA_NAME), or "
		       "a character in the name is refused";
	if (error == EINVAL && unaligned && takes_pages(call))
		return "the address is not page aligned";
	if (error == EINVAL && call->op == VM_OP_MADVISE)
		return "advice is one value, not bits, and this kernel or this memory does not "
		       "know it";
	if (error == EINVAL && (call->op == VM_OP_MMAP || call->op == VM_OP_MUNMAP) &&
	    call->args[1] == 0)
		return "the length is 0";
	if (error == ENOMEM && (vm_call_is_protect(call) || call->op == VM_OP_MADVISE))
		return "part of the range is not mapped";
	if (error == EACCES && vm_call_is_protect(call))
		return "the file was not opened for writing, or a policy refuses";
	if (error == EPERM && takes_pages(call))
		return "the range is sealed, or a policy refuses";
	if (error == EEXIST && call->op == VM_OP_MMAP)
		return "MAP_FIXED_NOREPLACE found something there";
	if (error == ENODEV && call->op == VM_OP_MMAP)
		return "the file can't be mapped";
	return NULL;
}

/* Is there room behind it? If not, its caller moves it by other means. */
static bool is_in_place(const struct vm_call *call)
{
	return call->op == VM_OP_MREMAP && !(call->args[3] & MREMAP_MAYMOVE);
}

/* Asking whether the kernel can do something is no misuse. */
static bool is_probe(const struct change *change)
{
	const struct vm_call *call = change->call;

	return (call->op == VM_OP_MMAP && (call->args[3] & MAP_HUGETLB)) || is_in_place(call) ||
	       is_naming(call) || (call->op == VM_OP_MMAP && call->result == -EEXIST) ||
	       (call->op == VM_OP_MADVISE && change->owner.internal);
}

/* By L01, or by P03 that has just looked at it. */
static bool is_said_better(const struct change *change)
{
	return (change->call->result == -ENOMEM && near_limit(change)) ||
	       audit_has_reported(change, RULE_P03);
}

static void failed(const struct change *change)
{
	struct addr_range range = change->event->n_ranges > 0 ? change->event->ranges[0]
							      : (struct addr_range){ 0, 0 };
	const char *error = vm_errno_name((int)-change->call->result);
	struct audit_finding *finding;
	const char *means;
	struct text text;

	if (!vm_call_failed(change->call) || is_said_better(change))
		return;
	finding = audit_report(change, RULE_U08, range);
	if (finding == NULL ||
	    !audit_is_news(finding, change, range,
			   is_probe(change) || change->owner.internal ? AUDIT_NOTE : AUDIT_WARNING))
		return;
	means = meaning(change);
	audit_begin_message(finding, &text);
	text_format(&text, "%s failed with %s", vm_op_info(change->call->op)->name,
		    error != NULL ? error : "an unknown error");
	if (means != NULL)
		text_format(&text, ": %s", means);
}

/* -------------------------------------------------------------------- L01, L05 */

static void out_of_mappings(const struct change *change)
{
	struct audit_finding *finding;
	struct text text;

	if (change->call->result != -ENOMEM || !near_limit(change))
		return;
	finding = audit_report(change, RULE_L01, (struct addr_range){ 0, 0 });
	if (finding == NULL)
		return;
	finding->severity = AUDIT_ERROR;
	audit_begin_message(finding, &text);
	text_format(&text, "%s failed at %" PRIu64 " of %" PRIu64 " mappings (vm.max_map_count)",
		    vm_op_info(change->call->op)->name, change->audit->count_before,
		    change->audit->options.max_map_count);
}

static bool was_refused(const struct change *change)
{
	const struct vm_call *call = change->call;

	if (call->op == VM_OP_MMAP || call->op == VM_OP_MREMAP)
		return call->result == -ENOMEM && !is_probe(change);
	return call->op == VM_OP_BRK && call->args[0] != 0 &&
	       (uint64_t)call->result < call->args[0];
}

static void out_of_memory(const struct change *change)
{
	struct audit_finding *finding;
	struct text text;

	if (!was_refused(change) || near_limit(change))
		return;
	finding = audit_report(change, RULE_L05, (struct addr_range){ 0, 0 });
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text,
		    "%s was refused at %" PRIu64
		    " mappings: a limit of the process (ulimit -v, -d), or overcommit",
		    vm_op_info(change->call->op)->name, change->audit->count_before);
}

/* ------------------------------------------------------------------------- A03 */

static void low_address(const struct change *change)
{
	struct audit_finding *finding;
	struct text text;

	if (!audit_succeeded(change, VM_OP_MMAP) || change->owner.internal ||
	    !(change->call->args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) ||
	    (uint64_t)change->call->result >= LOW_ADDRESS || change->event->n_ranges == 0)
		return;
	finding = audit_report(change, RULE_A03, change->event->ranges[0]);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "mapped at 0x%" PRIx64, (uint64_t)change->call->result);
}

void rules_limits(const struct change *change)
{
	failed(change);
	out_of_mappings(change);
	out_of_memory(change);
	low_address(change);
}

/* ------------------------------------------------------------------ in the end */

/* The site that made the map longest; NULL: none did. */
static const struct site_state *top_splitter(const struct audit *audit)
{
	const struct site_state *best = NULL, *site;
	size_t slot = 0;
	uint64_t key;

	while ((site = event_table_next(&audit->sites, &slot, &key)) != NULL)
		if (site->n_areas > 0 && (best == NULL || site->n_areas > best->n_areas))
			best = site;
	return best;
}

static void peak(struct audit *audit)
{
	uint64_t percent = percent_of_limit(audit, audit->peak_count);
	const struct site_state *top = top_splitter(audit);
	struct audit_finding *finding;
	struct text text;

	if (percent < NEAR_LIMIT || top == NULL)
		return;
	finding = audit_report_site(audit, RULE_L01, top);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "%" PRIu64 " of %" PRIu64 " mappings at ", audit->peak_count,
		    audit->options.max_map_count);
	audit_say_event(&text, audit->peak_event);
	text_format(&text, " (%" PRIu64 " %%); %" PRIu64 " of them from here", percent,
		    (uint64_t)top->n_areas);
}

static void count_live(struct audit *audit, const struct vm_space *space)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, MEMORY_SET_ALL);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		const struct mapping *mapping = audit_mapping(audit, area->origin);
		struct site_state *site =
			mapping == NULL ? NULL
					: event_table_find(&audit->sites, mapping->owner.site);

		if (site == NULL || (area->flags & VM_OWN))
			continue;
		site->n_live++;
		site->live_bytes += area->range.end - area->range.start;
	}
}

/* One file again and again is a leak; anonymous memory may be a heap, and must be very many. */
static bool is_leak(const struct site_state *site)
{
	bool same_file = site->object != UINT32_MAX && site->object != 0;

	return site->n_live >= (same_file ? LEAK_SAME_FILE : LEAK_ANONYMOUS) &&
	       site->n_unmapped * 20 <= site->n_maps && site->n_maps >= site->n_live;
}

static void leak(struct audit *audit, const struct site_state *site)
{
	struct audit_finding *finding;
	struct text text;

	if (!is_leak(site))
		return;
	finding = audit_report_site(audit, RULE_L02, site);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text,
		    "%" PRIu64 " mappings made here, %" PRIu64 " unmapped; %" PRIu64 "K are left",
		    site->n_maps, site->n_unmapped, site->live_bytes >> 10);
}

static void storm(struct audit *audit, const struct site_state *site)
{
	struct audit_finding *finding;
	struct text text;

	if (site->n_areas < STORM || site->n_protects < STORM)
		return;
	finding = audit_report_site(audit, RULE_L04, site);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "%" PRIu64 " calls made the map longer by %" PRIu64 " mappings",
		    site->n_protects, (uint64_t)site->n_areas);
}

static void no_ops(struct audit *audit, const struct site_state *site)
{
	struct audit_finding *finding;
	struct text text;

	if (site->n_no_ops < STORM || site->n_no_ops * 10 < site->n_protects * 9)
		return;
	finding = audit_report_site(audit, RULE_P06, site);
	if (finding == NULL)
		return;
	audit_begin_message(finding, &text);
	text_format(&text, "%" PRIu64 " of %" PRIu64 " calls changed nothing", site->n_no_ops,
		    site->n_protects);
}

static void each_site(struct audit *audit)
{
	const struct site_state *site;
	size_t slot = 0;
	uint64_t key;

	while ((site = event_table_next(&audit->sites, &slot, &key)) != NULL) {
		leak(audit, site);
		storm(audit, site);
		no_ops(audit, site);
	}
}

/* A stack that is still there, and of which the lowest page is open. */
static bool is_unguarded(const struct memory_area *area, const struct mapping *mapping)
{
	return mapping != NULL && (mapping->map_flags & MAP_STACK) &&
	       area->range.start == mapping->range.start && (area->flags & VM_PROT) != 0 &&
	       !(area->flags & VM_GUARD);
}

struct end_counts {
	uint64_t n_unguarded;
	uint64_t n_alike;
	bool fixed_program;
};

static void see_area(struct audit *audit, const struct memory_area *area,
		     const struct memory_area *below, struct end_counts *counts)
{
	if (is_unguarded(area, audit_mapping(audit, area->origin)))
		counts->n_unguarded++;
	if (below != NULL && below->range.end == area->range.start && below->flags == area->flags &&
	    below->tag[VM_TAG_OBJECT] == 0 && area->tag[VM_TAG_OBJECT] == 0)
		counts->n_alike++;
	if ((area->flags & VM_EXEC) && (area->flags & VM_FILE) && area->origin == 0 &&
	    area->range.start < LOW_ADDRESS)
		counts->fixed_program = true;
}

static struct end_counts see_map(struct audit *audit, const struct vm_space *space)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, MEMORY_SET_ALL);
	const struct memory_area *area, *below = NULL;
	struct end_counts counts = { 0 };

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		see_area(audit, area, below, &counts);
		below = area;
	}
	return counts;
}

static void say_count(struct audit *audit, enum audit_rule_place place, uint64_t n,
		      const char *words)
{
	char buffer[160];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_format(&text, "%" PRIu64 " %s", n, words);
	audit_add(audit, place, audit_rules[place].severity, NULL, (struct addr_range){ 0, 0 },
		  buffer);
}

static void layout(struct audit *audit, const struct vm_space *space)
{
	const struct addr_range nowhere = { 0, 0 };
	struct end_counts counts = see_map(audit, space);

	if (counts.n_unguarded > 0)
		say_count(audit, RULE_G01, counts.n_unguarded, "stacks of threads have no guard");
	if (counts.n_alike >= FRAGMENTS)
		say_count(audit, RULE_L03, counts.n_alike,
			  "pairs of neighbours differ only in who mapped them");
	if (space->personality & ADDR_NO_RANDOMIZE)
		audit_add(audit, RULE_A01, AUDIT_NOTE, NULL, nowhere,
			  "the process ran with ADDR_NO_RANDOMIZE (setarch -R, or a debugger)");
	if (counts.fixed_program)
		audit_add(audit, RULE_A02, AUDIT_NOTE, NULL, nowhere,
			  "the program's code lies at a fixed low address: it was linked without "
			  "-pie");
}

void rules_limits_end(struct audit *audit, const struct vm_space *space)
{
	peak(audit);
	count_live(audit, space);
	each_site(audit);
	layout(audit, space);
}
