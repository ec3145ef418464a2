/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "query/heap.h"
#include "query/live.h"
#include "vma/kernel_map.h"
#include "vma/vm_compare.h"
#include "vma/vm_replace.h"
#include "vma/vm_touch.h"

#define READINGS_MAX	  20
#define BASELINE_LOOKS	  50
#define BASELINE_PAUSE_NS 10000000

/* ------------------------------------------------------------------- reading */

struct maps_text {
	char *bytes;
	size_t len;
	size_t size;
};

/* The kernel hands out less than a page per read, whole lines each. */
static int read_text(int fd, struct maps_text *text)
{
	text->len = 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		ssize_t n;

		if (text->size - text->len < 8192) {
			size_t size = text->size != 0 ? 2 * text->size : 64 << 10;

			text->bytes = heap_resize(text->bytes, size, 1);
			text->size = size;
		}
		n = read(fd, text->bytes + text->len, text->size - text->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		text->len += (size_t)n;
	}
}

static bool same_text(const struct maps_text *a, const struct maps_text *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* The last reading ends up in @text[0]. */
static int read_twice(int fd, struct maps_text text[2], struct kernel_snapshot *snapshot,
		      bool *stable)
{
	int error = read_text(fd, &text[0]);

	*stable = false;
	for (unsigned i = 1; error == 0 && i < READINGS_MAX && !*stable; i++) {
		struct maps_text earlier = text[0];

		text[0] = text[1];
		text[1] = earlier;
		snapshot->ticks_before = clock_ticks();
		error = read_text(fd, &text[0]);
		snapshot->ticks_after = clock_ticks();
		if (error == 0)
			*stable = same_text(&text[0], &text[1]);
	}
	return error;
}

static size_t count_lines(const struct maps_text *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->bytes[i] == '\n';
	return n;
}

static int parse(struct kernel_snapshot *snapshot, const struct maps_text *text,
		 struct vm_objects *objects)
{
	const char *end = text->bytes + text->len;
	const char *line = text->bytes;

	snapshot->areas = heap_array(count_lines(text) + 1, sizeof(*snapshot->areas));
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		struct kernel_area area;

		if (stop == NULL)
			break;
		if (kernel_area_parse(line, stop, &area))
			heap_require(kernel_area_to_memory_area(&area, objects,
								&snapshot->areas[snapshot->n++]));
		line = stop + 1;
	}
	return snapshot->n > 0 ? 0 : -ESRCH;
}

int kernel_snapshot_read(struct kernel_snapshot *snapshot, pid_t pid, struct vm_objects *objects,
			 bool *stable)
{
	struct maps_text text[2] = { 0 };
	char path[64];
	int error;
	int fd;

	*snapshot = (struct kernel_snapshot){ 0 };
	*stable = false;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	error = read_twice(fd, text, snapshot, stable);
	close(fd);
	if (error == 0)
		error = parse(snapshot, &text[0], objects);
	free(text[0].bytes);
	free(text[1].bytes);
	if (error != 0)
		kernel_snapshot_free(snapshot);
	return error;
}

void kernel_snapshot_free(struct kernel_snapshot *snapshot)
{
	free(snapshot->areas);
	*snapshot = (struct kernel_snapshot){ 0 };
}

/* ------------------------------------------------------------------- beginning */

bool live_await_baseline(struct ledger_view *view, pid_t pid)
{
	const struct timespec pause = { .tv_nsec = BASELINE_PAUSE_NS };
	struct ledger_entry entry;
	int r;

	for (unsigned i = 0; i < BASELINE_LOOKS; i++) {
		do {
			if (replay_has_baseline(&view->replay))
				return true;
			r = view_step(view, &entry);
		} while (r > 0);
		nanosleep(&pause, NULL);
	}
	problem_set(&view->problem, PROBLEM_PROCESS, view->name,
		    "process %d has only just started: its baseline is not in the ledger yet",
		    (int)pid);
	problem_advise(&view->problem, "try again");
	return false;
}

/* ------------------------------------------------------------------- settling */

/* What the kernel has in a range enters the fold. */
static int adopt(struct vm_space *space, const struct kernel_snapshot *kernel,
		 struct addr_range range)
{
	struct memory_area *areas = heap_array(kernel->n, sizeof(*areas));
	size_t n = 0;
	int error;

	for (size_t i = 0; i < kernel->n; i++) {
		struct memory_area area = kernel->areas[i];

		if (area.range.end <= range.start || area.range.start >= range.end)
			continue;
		memory_area_clip(&area, range);
		areas[n++] = area;
	}
	error = vm_space_reserve(space, n + VM_APPLY_GROWTH);
	if (error == 0)
		error = vm_replace(space, range, areas, n, VM_RESYNCED);
	free(areas);
	return heap_require(error);
}

static const struct memory_area *kernel_area_at(const struct kernel_snapshot *kernel, uint64_t addr)
{
	for (size_t i = 0; i < kernel->n; i++)
		if (addr >= kernel->areas[i].range.start && addr < kernel->areas[i].range.end)
			return &kernel->areas[i];
	return NULL;
}

/* The part below our lower edge that the kernel has given the stack since. */
static struct addr_range grown_part(const struct vm_space *space,
				    const struct kernel_snapshot *kernel,
				    const struct memory_area *stack)
{
	const struct memory_area *theirs = kernel_area_at(kernel, stack->range.start);
	struct addr_range part = { stack->range.start, stack->range.start };
	struct memory_set_iter iter;
	const struct memory_area *below;

	if (theirs == NULL || theirs->tag[VM_TAG_OBJECT] != 0 ||
	    ((theirs->flags ^ stack->flags) & VM_VISIBLE))
		return part;
	if (theirs->range.start < part.start)
		part.start = theirs->range.start;
	iter = memory_set_iter_from_end(space->set, (struct addr_range){ 0, stack->range.start });
	below = memory_set_iter_prev(&iter);
	if (below != NULL && below->range.end > part.start)
		part.start = below->range.end;
	return part;
}

/* The first stack that has grown, or an empty range. */
static struct addr_range next_grown(const struct vm_space *space,
				    const struct kernel_snapshot *kernel)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, MEMORY_SET_ALL);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		struct addr_range part;

		if (!(area->flags & VM_GROWSDOWN))
			continue;
		part = grown_part(space, kernel, area);
		if (part.start < part.end)
			return part;
	}
	return (struct addr_range){ 0, 0 };
}

static int settle_stacks(struct vm_space *space, const struct kernel_snapshot *kernel,
			 struct live_notes *notes)
{
	/* Each round closes one gap; the limit is for maps that make no sense. */
	for (unsigned i = 0; i < 4096; i++) {
		struct addr_range part = next_grown(space, kernel);
		int error;

		if (part.start == part.end)
			return 0;
		error = adopt(space, kernel, part);
		if (error < 0)
			return error;
		notes->n_stacks++;
	}
	return 0;
}

/* A piece that only the kernel has, of exactly this size. */
struct unplaced {
	uint64_t size;
	struct addr_range range;
};

static void look_for_size(void *context, const struct vm_difference *difference)
{
	struct unplaced *unplaced = context;

	if (difference->kind == VM_DIFF_KERNEL_ONLY &&
	    unplaced->range.start == unplaced->range.end &&
	    difference->range.end - difference->range.start == unplaced->size)
		unplaced->range = difference->range;
}

static struct addr_range find_unplaced(const struct vm_space *space,
				       const struct kernel_snapshot *kernel, uint64_t size)
{
	struct unplaced unplaced = { .size = size };
	struct vm_comparison comparison = { 0 };
	struct vm_array_source theirs;
	struct vm_set_source ours;

	vm_array_source_init(&theirs, kernel->areas, kernel->n);
	vm_set_source_init(&ours, space->set, MEMORY_SET_ALL);
	vm_compare(&theirs.source, &ours.source, MEMORY_SET_ALL, look_for_size, &unplaced,
		   &comparison);
	return unplaced.range;
}

/* shmat without an address: nothing says how large the segment is. */
static int settle_call(struct vm_space *space, const struct kernel_snapshot *kernel,
		       const struct vm_call *call)
{
	struct touch touch = touch_of_call(space, call, false);
	uint64_t unplaced = touch_unplaced_size(call);
	int error = 0;

	for (unsigned i = 0; i < touch.n && error == 0; i++)
		error = adopt(space, kernel, touch.range[i]);
	if (error == 0 && unplaced != 0) {
		struct addr_range range = find_unplaced(space, kernel, unplaced);

		if (range.start < range.end)
			error = adopt(space, kernel, range);
	}
	return error;
}

static bool is_memory_call(const struct vm_call *call)
{
	return call->op != VM_OP_NONE && !vm_op_makes_space(call->op);
}

/* The process was stopped between the end of its call and the shim's question about it. */
static int settle_unanswered(struct vm_space *space, const struct kernel_snapshot *kernel,
			     const struct vm_doubts *doubts)
{
	int error = 0;

	for (unsigned i = 0; i < doubts->n && error == 0; i++) {
		struct addr_range range = doubts->doubt[i].range;
		const struct memory_area *last = kernel_area_at(kernel, range.end - 1);

		/* A segment, and a mapping of huge pages, may be larger than the call tells. */
		if (doubts->doubt[i].reason == VM_REASON_IDENTITY && last != NULL)
			range.end = last->range.end;
		else if (doubts->doubt[i].whole && last != NULL)
			range = last->range;
		error = adopt(space, kernel, range);
	}
	return error;
}

int live_settle(struct ledger_view *view, const struct kernel_snapshot *kernel,
		struct live_notes *notes)
{
	struct replay *replay = &view->replay;
	int error;

	*notes = (struct live_notes){ 0 };
	error = settle_stacks(&replay->space, kernel, notes);
	if (error == 0 && is_memory_call(&replay->in_flight)) {
		notes->n_in_flight = 1;
		error = settle_call(&replay->space, kernel, &replay->in_flight);
	} else if (error == 0 && replay->unanswered.n > 0) {
		notes->n_in_flight = 1;
		error = settle_unanswered(&replay->space, kernel, &replay->unanswered);
	}
	return error;
}

/* The bare error: what is wrong with the process, or with its map. */
static int read_and_settle(struct ledger_view *view, pid_t pid, struct live_notes *notes)
{
	struct kernel_snapshot kernel;
	bool stable;
	int error = kernel_snapshot_read(&kernel, pid, &view->replay.space.objects, &stable);

	if (error == 0) {
		view_fold_more(view);
		error = live_settle(view, &kernel, notes);
	}
	kernel_snapshot_free(&kernel);
	return error;
}

bool live_fold(struct ledger_view *view, pid_t pid, struct live_notes *notes)
{
	int error;

	*notes = (struct live_notes){ 0 };
	if (!live_await_baseline(view, pid))
		return false;
	error = read_and_settle(view, pid, notes);
	if (error < 0)
		live_set_problem(view, pid, error);
	return error == 0;
}

void live_set_problem(struct ledger_view *view, pid_t pid, int error)
{
	problem_set_errno(&view->problem, PROBLEM_PROCESS, view->name, -error,
			  "can't read the map of process %d", (int)pid);
}
