/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_COMPARE_H
#define VMA_VM_COMPARE_H

/*
 * vm_compare - is our map the kernel's map?
 *
 * Both sides are brought into canonical form first: maximal runs of equal
 * protection, sharing and object with contiguous offsets. The kernel's own
 * boundaries depend on page-fault history, locks, advice and policy, and names
 * change under us (rename, unlink), so neither is compared. Every other
 * tolerance has a name here, is counted, and is shown.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <memory_set/memory_set.h>
#include "vma/vm_space.h"

enum vm_diff {
	VM_DIFF_NONE = 0,
	VM_DIFF_KERNEL_ONLY, /* mapped in the kernel's map alone */
	VM_DIFF_OURS_ONLY,   /* mapped in ours alone */
	VM_DIFF_PROT,	     /* both, with another protection */
	VM_DIFF_SHARING,     /* both, private here and shared there */
	VM_DIFF_OBJECT,	     /* both, showing another object */
	VM_DIFF_OFFSET,	     /* both, the same object at another offset */
	/* tolerances: differences with a known cause that is not a missed call */
	VM_DIFF_STACK_GROWTH, /* the kernel moved a stack's lower edge on a page fault */
	VM_DIFF_VSYSCALL,     /* a page the kernel prints that is no mapping */
	VM_DIFF_UPROBES,      /* [uprobes]: put there by a tracer on a first hit */
	VM_DIFF_IN_FLIGHT,    /* a call was under way: its effect may or may not be there */
	VM_DIFF_COUNT,
};

#define VM_DIFF_IS_TOLERANCE(diff) ((diff) >= VM_DIFF_STACK_GROWTH)

const char *vm_diff_name(unsigned diff);
const char *vm_diff_text(unsigned diff); /* one sentence */

/* A run in which the two sides differ in one way. @kernel or @ours is NULL where nothing is. */
struct vm_difference {
	enum vm_diff kind;
	struct addr_range range;
	const struct memory_area *kernel;
	const struct memory_area *ours;
};

/*
 * One side of a comparison: yields areas in address order. Objects of both
 * sides are ids of one vm_objects table.
 */
struct vm_source {
	bool (*next)(struct vm_source *source, struct memory_area *area);
};

/* A source over a set. */
struct vm_set_source {
	struct vm_source source;
	struct memory_set_iter iter;
};
void vm_set_source_init(struct vm_set_source *source, const struct memory_set *set,
			struct addr_range range);

/* A source over an array. */
struct vm_array_source {
	struct vm_source source;
	const struct memory_area *areas;
	size_t n_areas;
	size_t at;
};
void vm_array_source_init(struct vm_array_source *source, const struct memory_area *areas,
			  size_t n_areas);

typedef void (*vm_difference_fn)(void *context, const struct vm_difference *difference);

/* What a comparison found: runs compared, and differences of each kind. */
struct vm_comparison {
	uint64_t n_runs; /* canonical runs of the kernel's side */
	uint64_t n_equal;
	uint64_t count[VM_DIFF_COUNT];
};

/* Return: the number of differences without a named cause. */
uint64_t vm_comparison_unexplained(const struct vm_comparison *comparison);

/**
 * vm_compare() - walk both sides and report where they differ
 * @range:    only this part is looked at
 * @report:   called for each difference, tolerated ones too; may be NULL
 *
 * Allocates nothing.
 */
void vm_compare(struct vm_source *kernel, struct vm_source *ours, struct addr_range range,
		vm_difference_fn report, void *context, struct vm_comparison *comparison);

/* The next canonical run of a source: for printing a map as the kernel might. */
struct vm_canonical {
	struct vm_source *source;
	struct memory_area next;
	bool has_next;
};
void vm_canonical_init(struct vm_canonical *canonical, struct vm_source *source);
bool vm_canonical_next(struct vm_canonical *canonical, struct memory_area *run);

#endif
