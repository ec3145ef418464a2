/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The set and the kernel's map, run by run, and a named reason for each difference
 */

#include "base/mutation.h"
#include "vma/vm_compare.h"
#include "vma/vm_flags.h"

/* [vsyscall] is printed after everything else, is no mapping, and can't be queried or moved. */
#define VSYSCALL_START 0xffffffffff600000ULL

struct diff_row {
	const char *name;
	const char *text;
};

static const struct diff_row rows[VM_DIFF_COUNT] = {
	[VM_DIFF_NONE] = { "none", "Both sides agree." },
	[VM_DIFF_KERNEL_ONLY] = { "kernel-only", "The kernel has a mapping here that no recorded "
						 "call made." },
	[VM_DIFF_OURS_ONLY] = { "ours-only", "A recorded call mapped this, and the kernel has "
					     "nothing here any more." },
	[VM_DIFF_PROT] = { "prot", "Both have this, with different protection." },
	[VM_DIFF_SHARING] = { "sharing", "Both have this, private on one side and shared on the "
					 "other." },
	[VM_DIFF_OBJECT] = { "object", "Both have something here, but not the same object." },
	[VM_DIFF_OFFSET] = { "offset", "Both show the same object here, at different offsets." },
	[VM_DIFF_STACK_GROWTH] = { "stack-growth",
				   "The kernel moved the lower edge of a stack when "
				   "a page below it was touched." },
	[VM_DIFF_VSYSCALL] = { "vsyscall", "The kernel prints this page in every map; it is no "
					   "mapping of this process." },
	[VM_DIFF_UPROBES] = { "uprobes", "The kernel put this page here for a tracer's probes." },
	[VM_DIFF_IN_FLIGHT] = { "in-flight", "A call was under way: its effect may or may not be "
					     "there." },
};

const char *vm_diff_name(unsigned diff)
{
	return diff < VM_DIFF_COUNT ? rows[diff].name : "unknown";
}

const char *vm_diff_text(unsigned diff)
{
	return diff < VM_DIFF_COUNT ? rows[diff].text : "Unknown kind of difference.";
}

/* -------------------------------------------------------------------- sources */

static bool set_source_next(struct vm_source *source, struct memory_area *area)
{
	struct vm_set_source *self = (struct vm_set_source *)source;
	const struct memory_area *found = memory_set_iter_next(&self->iter);

	if (found != NULL)
		*area = *found;
	return found != NULL;
}

void vm_set_source_init(struct vm_set_source *source, const struct memory_set *set,
			struct addr_range range)
{
	source->source.next = set_source_next;
	source->iter = memory_set_iter_from_start(set, range);
}

static bool array_source_next(struct vm_source *source, struct memory_area *area)
{
	struct vm_array_source *self = (struct vm_array_source *)source;

	if (self->at >= self->n_areas)
		return false;
	*area = self->areas[self->at++];
	return true;
}

void vm_array_source_init(struct vm_array_source *source, const struct memory_area *areas,
			  size_t n_areas)
{
	source->source.next = array_source_next;
	source->areas = areas;
	source->n_areas = n_areas;
	source->at = 0;
}

/* ------------------------------------------------------------- canonical form */

void vm_canonical_init(struct vm_canonical *canonical, struct vm_source *source)
{
	canonical->source = source;
	canonical->has_next = source->next(source, &canonical->next);
}

static bool continues(const struct memory_area *run, const struct memory_area *next)
{
	return run->range.end == next->range.start &&
	       ((run->flags ^ next->flags) & VM_VISIBLE) == 0 &&
	       run->tag[VM_TAG_OBJECT] == next->tag[VM_TAG_OBJECT] &&
	       (run->offset == MEMORY_AREA_NO_OFFSET) == (next->offset == MEMORY_AREA_NO_OFFSET) &&
	       memory_area_offset_at(run, run->range.end) == next->offset;
}

/* A run has the hidden attributes of its first area: what matters is its lower edge. */
bool vm_canonical_next(struct vm_canonical *canonical, struct memory_area *run)
{
	if (!canonical->has_next)
		return false;
	*run = canonical->next;
	do {
		run->range.end = canonical->next.range.end;
		canonical->has_next = canonical->source->next(canonical->source, &canonical->next);
	} while (canonical->has_next && continues(run, &canonical->next));
	return true;
}

/* ------------------------------------------------------------------- the walk */

/* One side: its canonical runs inside the range, one at a time. */
struct side {
	struct vm_canonical runs;
	struct memory_area run; /* the one at hand */
	bool has_run;
};

struct walk {
	struct side kernel;
	struct side ours;
	struct addr_range range;
	bool run_is_equal; /* no difference in the kernel's run at hand so far */
	vm_difference_fn report;
	void *context;
	struct vm_comparison *comparison;
};

/* Goes on to the next run that lies in the range, cut to it. */
static void next_run(struct side *side, struct addr_range range)
{
	struct memory_area *run = &side->run;

	do {
		side->has_run = vm_canonical_next(&side->runs, run);
	} while (side->has_run && run->range.end <= range.start);
	if (!side->has_run)
		return;
	/* A run behind the range ends up empty: it is the last. */
	memory_area_clip(run, range);
	side->has_run = run->range.start < run->range.end;
}

static bool covers(const struct side *side, uint64_t at)
{
	return side->has_run && side->run.range.start <= at;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where this side next begins or ends something. */
static uint64_t next_edge(const struct side *side, uint64_t at)
{
	if (!side->has_run)
		return UINT64_MAX;
	return covers(side, at) ? side->run.range.end : side->run.range.start;
}

/* Of another object everything else may differ; so the object comes first. */
static enum vm_diff compare_areas(const struct memory_area *kernel, const struct memory_area *ours,
				  uint64_t at)
{
	uint64_t differing = kernel->flags ^ ours->flags;

	if (kernel->tag[VM_TAG_OBJECT] != ours->tag[VM_TAG_OBJECT])
		return VM_DIFF_OBJECT;
	if (differing & VM_SHARED)
		return VM_DIFF_SHARING;
	if (memory_area_offset_at(kernel, at) != memory_area_offset_at(ours, at))
		return VM_DIFF_OFFSET;
	return differing & VM_PROT && !ML_MUTATED(COMPARE_IGNORES_PROT) ? VM_DIFF_PROT
									: VM_DIFF_NONE;
}

/* The kernel's area ends where a stack of ours begins, and is like it. */
static bool is_stack_growth(const struct memory_area *kernel, uint64_t end, const struct side *ours)
{
	const struct memory_area *stack = &ours->run;

	return ours->has_run && stack->range.start == end && (stack->flags & VM_GROWSDOWN) &&
	       ((kernel->flags ^ stack->flags) & VM_VISIBLE) == 0 &&
	       kernel->tag[VM_TAG_OBJECT] == 0 && stack->tag[VM_TAG_OBJECT] == 0;
}

static enum vm_diff classify(const struct walk *walk, struct addr_range part)
{
	const struct memory_area *kernel = &walk->kernel.run;
	bool in_kernel = covers(&walk->kernel, part.start);
	bool in_ours = covers(&walk->ours, part.start);

	if (in_kernel && in_ours)
		return compare_areas(kernel, &walk->ours.run, part.start);
	if (part.start >= VSYSCALL_START)
		return VM_DIFF_VSYSCALL;
	if (in_ours)
		return VM_DIFF_OURS_ONLY;
	if (kernel->flags & VM_UPROBES)
		return VM_DIFF_UPROBES;
	if (is_stack_growth(kernel, part.end, &walk->ours))
		return VM_DIFF_STACK_GROWTH;
	return VM_DIFF_KERNEL_ONLY;
}

static void look_at(struct walk *walk, struct addr_range part)
{
	struct vm_difference difference = {
		.range = part,
		.kernel = covers(&walk->kernel, part.start) ? &walk->kernel.run : NULL,
		.ours = covers(&walk->ours, part.start) ? &walk->ours.run : NULL,
	};

	if (difference.kernel == NULL && difference.ours == NULL)
		return;
	difference.kind = classify(walk, part);
	if (difference.kind == VM_DIFF_NONE)
		return;
	walk->comparison->count[difference.kind]++;
	if (difference.kernel != NULL)
		walk->run_is_equal = false;
	if (walk->report != NULL)
		walk->report(walk->context, &difference);
}

static void pass(struct walk *walk, uint64_t at)
{
	if (walk->kernel.has_run && walk->kernel.run.range.end == at) {
		walk->comparison->n_runs++;
		walk->comparison->n_equal += walk->run_is_equal;
		walk->run_is_equal = true;
		next_run(&walk->kernel, walk->range);
	}
	if (walk->ours.has_run && walk->ours.run.range.end == at)
		next_run(&walk->ours, walk->range);
}

void vm_compare(struct vm_source *kernel, struct vm_source *ours, struct addr_range range,
		vm_difference_fn report, void *context, struct vm_comparison *comparison)
{
	struct walk walk = {
		.range = range,
		.run_is_equal = true,
		.report = report,
		.context = context,
		.comparison = comparison,
	};
	uint64_t at = range.start;

	*comparison = (struct vm_comparison){ 0 };
	vm_canonical_init(&walk.kernel.runs, kernel);
	vm_canonical_init(&walk.ours.runs, ours);
	next_run(&walk.kernel, range);
	next_run(&walk.ours, range);
	while (walk.kernel.has_run || walk.ours.has_run) {
		uint64_t edge = least(next_edge(&walk.kernel, at), next_edge(&walk.ours, at));

		look_at(&walk, (struct addr_range){ at, edge });
		at = edge;
		pass(&walk, at);
	}
}

uint64_t vm_comparison_unexplained(const struct vm_comparison *comparison)
{
	uint64_t sum = 0;

	for (unsigned kind = VM_DIFF_KERNEL_ONLY; kind < VM_DIFF_COUNT; kind++)
		if (!VM_DIFF_IS_TOLERANCE(kind))
			sum += comparison->count[kind];
	return sum;
}
