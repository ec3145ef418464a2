/* SPDX-License-Identifier: Apache-2.0 */

/*
 * finish - the shim checks itself against the kernel
 *
 * At exit, and when the program asks, the set is compared with the kernel's map
 * under the lock, and both the verdict and the kernel's map go into the ledger:
 * whoever reads it later can repeat the comparison.
 */

#include <errno.h>
#include "base/clock.h"
#include "base/sys.h"
#include "base/text.h"
#include "vma/kernel_map.h"
#include "vma/vm_errno.h"
#include "record/pending_note.h"
#include "shim/shim.h"

#define SPARE	   64 /* areas that may appear between counting and reading */
#define READINGS   3
#define EXIT_WAITS 500 /* of a millisecond or more each */

struct kernel_areas {
	struct memory_area *areas;
	size_t n;
	size_t capacity;
};

/* Return: 0, -ENOSPC when @found is too small, or another error. */
static int read_kernel_areas(struct kernel_areas *found)
{
	static char buffer[16 << 10];
	struct kernel_map_text text;
	struct kernel_area area;
	int fd = resync_open_maps();
	int error = 0;

	if (fd < 0)
		return fd;
	found->n = 0;
	kernel_map_text_init(&text, fd, buffer, sizeof(buffer));
	while (error == 0 && kernel_map_text_next(&text, &area)) {
		if (found->n == found->capacity)
			error = -ENOSPC;
		else
			error = kernel_area_to_memory_area(&area, &shim.space.objects,
							   &found->areas[found->n++]);
	}
	resync_close_maps();
	resync_count_bad_lines(text.n_bad_lines);
	return error != 0 ? error : text.error;
}

/* Memory first, then read: getting memory changes what is read. */
static int get_kernel_areas(struct kernel_areas *found)
{
	struct ml_allocator *pages = &shim.pages.allocator;
	size_t wanted = memory_set_count(shim.space.set) + SPARE;
	int error = -ENOSPC;

	for (unsigned i = 0; i < 4 && error == -ENOSPC; i++, wanted *= 2) {
		pages->free(pages->context, found->areas, found->capacity * sizeof(*found->areas));
		found->capacity = wanted;
		found->areas = pages->alloc(pages->context, wanted * sizeof(*found->areas));
		if (found->areas == NULL)
			return -ENOMEM;
		vm_space_reserve(&shim.space, VM_APPLY_GROWTH);
		resync_own();
		error = read_kernel_areas(found);
	}
	return error;
}

static void compare(const struct kernel_areas *kernel, vm_difference_fn report, void *context,
		    struct vm_comparison *comparison)
{
	struct vm_array_source theirs;
	struct vm_set_source ours;

	vm_array_source_init(&theirs, kernel->areas, kernel->n);
	vm_set_source_init(&ours, shim.space.set, MEMORY_SET_ALL);
	vm_compare(&theirs.source, &ours.source, MEMORY_SET_ALL, report, context, comparison);
}

void finish_write_verdict(const struct ledger_verify *head, const struct vm_comparison *comparison,
			  const struct memory_area *areas, size_t n)
{
	struct ledger_verify *verify;
	uint64_t n_tolerated = 0;

	for (unsigned i = 0; i < VM_DIFF_COUNT; i++)
		if (VM_DIFF_IS_TOLERANCE(i))
			n_tolerated += comparison->count[i];
	if (!resync_declare(&shim.writer, areas, (uint32_t)n))
		return;
	verify = ledger_writer_begin(&shim.writer, LEDGER_VERIFY);
	if (verify == NULL)
		return;
	verify->at_exit = head->at_exit;
	verify->event = head->event;
	verify->start = head->start;
	verify->end = head->end;
	verify->n_areas = (uint32_t)n;
	verify->ticks = clock_ticks();
	verify->n_runs = comparison->n_runs;
	verify->n_unexplained = vm_comparison_unexplained(comparison);
	verify->n_tolerated = n_tolerated;
	ledger_writer_done(&shim.writer, verify);
	for (size_t i = 0; i < n; i++)
		ledger_writer_area(&shim.writer, &areas[i]);
}

static int64_t verify(bool at_exit, vm_difference_fn report, void *context)
{
	struct kernel_areas kernel = { 0 };
	struct vm_comparison comparison = { 0 };
	struct ml_allocator *pages = &shim.pages.allocator;
	int error = 0;

	resync_edges(VM_ALL_PAGES);
	/* One reading of the text is not atomic: only what stays is a difference. */
	for (unsigned i = 0; i < READINGS && error == 0; i++) {
		comparison = (struct vm_comparison){ 0 };
		error = get_kernel_areas(&kernel);
		if (error == 0)
			compare(&kernel, NULL, NULL, &comparison);
		if (vm_comparison_unexplained(&comparison) == 0)
			break;
	}
	if (error == 0) {
		if (report != NULL) {
			comparison = (struct vm_comparison){ 0 };
			compare(&kernel, report, context, &comparison);
		}
		finish_write_verdict(&(struct ledger_verify){ .at_exit = at_exit }, &comparison,
				     kernel.areas, kernel.n);
		/* What nobody saw being made is in the map from here on, and says so. */
		if (vm_comparison_unexplained(&comparison) > 0) {
			recorder_doubt_break();
			resync_range(MEMORY_SET_ALL, VM_REASON_UNOBSERVED, 0);
		}
	}
	pages->free(pages->context, kernel.areas, kernel.capacity * sizeof(*kernel.areas));
	return error < 0 ? error : (int64_t)vm_comparison_unexplained(&comparison);
}

static void say_not_compared(int error)
{
	char buffer[160];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "not compared with the kernel's map: ");
	text_string(&text, error == -ENOMEM ? "no memory for it" : "it can't be read");
	text_string(&text, " (");
	text_string(&text, vm_errno_name(-error));
	text_char(&text, ')');
	ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED, buffer);
}

int64_t finish_verify(bool at_exit, vm_difference_fn report, void *context)
{
	uint64_t mask;
	int64_t result;

	if (shim.sandboxed)
		return -EPERM;
	mask = shim_block_signals();
	recorder_settle();		       /* handlers that came since we have the lock */
	if (late_pending(&shim.recorder.late)) /* made, perhaps, or left for good */
		recorder_reread_everything();
	if (shim.unread)
		resync_range((struct addr_range){ 0, VM_PAGE_SIZE }, VM_REASON_EFFECT, 0);
	result = verify(at_exit, report, context);
	if (result < 0)
		say_not_compared((int)result);
	shim_restore_signals(mask);
	return result;
}

void finish_counters(void)
{
	struct ledger_header *header = shim.writer.header;

	header->n_bypassed = shim.n_bypassed;
	header->n_deferred = shim.n_deferred;
	header->n_resyncs = shim.n_resyncs;
	header->n_bad_lines = shim.n_bad_lines;
}

/*
 * Whoever has the lock may have been made to wait for its processor in the middle of a
 * record. No call waits for that, but what is not written now is lost.
 */
static bool lock_at_exit(struct frame_mark *mark)
{
	for (unsigned i = 0; i < EXIT_WAITS; i++)
		if (recorder_lock(mark, RECORDER_GONE))
			return true;
	return false;
}

/* Somebody is changing the set, and is not let run. The header needs no lock. */
static void end_without_lock(int status)
{
	struct ledger_header *header = shim.writer.header;

	if (header != NULL) {
		header->n_unrecorded += late_count(&shim.recorder.late);
		finish_counters();
	}
	ledger_writer_finish(&shim.writer, LEDGER_END_EXIT, status);
}

/*
 * A vfork child that could not execute its program ends with _exit, too, in its
 * parent's memory: the parent's ledger goes on. A fork child that made no call
 * has no ledger.
 */
void finish_at_exit(int status)
{
	struct frame_mark mark;

	if (!shim.live || shim.sandboxed || shim_not_begun())
		return;
	if ((uint32_t)sys_getpid() != shim.pid)
		return;
	if (!lock_at_exit(&mark)) {
		end_without_lock(status);
		return;
	}
	if (shim.options.verify != OPTION_VERIFY_OFF)
		finish_verify(true, NULL, NULL);
	if (shim.writer.header != NULL) {
		pending_note_write();
		finish_counters();
		ledger_writer_finish(&shim.writer, LEDGER_END_EXIT, status);
	}
	recorder_unlock(&mark);
}
