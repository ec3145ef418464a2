/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"
#include "map/baseline.h"
#include "map/declare.h"
#include "map/kernel_reader.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/resync.h"
#include "shim/shim.h"
#include "stacks/rule_cache.h"
#include "vma/procmap_query.h"
#include "vma/vm_replace.h"

#define GROUP 64 /* areas per ledger group */

/* Which build of a file is running: the text of the map does not say. Unknown before Linux 6.11. */
static void learn_build_id(int fd, const struct memory_area *area)
{
	struct vm_object *object =
		vm_objects_get(&map.space.objects, (uint32_t)area->tag[VM_TAG_OBJECT]);
	struct kernel_area found;

	if (object == NULL || object->ino == 0 || object->build_id_len != 0 ||
	    !(area->flags & VM_EXEC))
		return;
	kernel_map_query(fd, area->range.start, &found, NULL, 0, object->build_id,
			 &object->build_id_len, NULL);
}

int baseline_read(void)
{
	struct kernel_reader reader;
	struct kernel_area area;
	struct memory_area found;
	int error = 0;

	if (!kernel_reader_open_text(&reader))
		return reader.fd;
	while (error == 0 && kernel_reader_next(&reader, &area)) {
		error = kernel_area_to_memory_area(&area, &map.space.objects, &found);
		if (error == 0)
			learn_build_id(reader.fd, &found);
		if (error == 0)
			error = vm_space_reserve(&map.space, 1);
		if (error == 0)
			error = vm_replace(&map.space, found.range, &found, 1, VM_BASELINE);
	}
	kernel_reader_close(&reader);
	return error != 0 ? error : reader.text.error;
}

/* One group: the areas from @iter on, and the part of the space they speak for. */
static bool write_group(struct ledger_writer *writer, unsigned reason, struct memory_set_iter *iter,
			uint64_t *from)
{
	struct memory_set_iter ahead = *iter;
	const struct memory_area *area;
	struct addr_range range = { *from, UINT64_MAX & ~(VM_PAGE_SIZE - 1) };
	uint32_t n = 0;

	while (n < GROUP && (area = memory_set_iter_next(&ahead)) != NULL) {
		range.end = area->range.end;
		n++;
	}
	if (n < GROUP)
		range.end = UINT64_MAX & ~(VM_PAGE_SIZE - 1);
	if (!writer->in_checkpoint && !ledger_writer_room(writer, n + 1))
		return false;
	ledger_writer_resync(writer, reason, range, 0, n);
	for (uint32_t i = 0; i < n; i++)
		ledger_writer_area(writer, memory_set_iter_next(iter));
	*from = range.end;
	return n == GROUP;
}

void baseline_write(struct ledger_writer *writer, unsigned reason)
{
	struct memory_set_iter iter = memory_set_iter_from_start(map.space.set, MEMORY_SET_ALL);
	uint64_t from = 0;

	while (write_group(writer, reason, &iter, &from))
		;
}

void baseline_checkpoint(void *context, struct ledger_writer *writer)
{
	(void)context;
	declare_set(writer);
	baseline_write(writer, VM_REASON_CHECKPOINT);
}

static int read_again(void)
{
	int error;

	shim.writer.in_checkpoint = false;
	error = map_begin_anew();
	map.break_is_untold = true;
	return error < 0 ? error : baseline_read();
}

static void write_again(void)
{
	own_memory_mark();
	ledger_writer_note(&shim.writer, LEDGER_NOTE_REBUILT,
			   "a signal handler left a call for good while the map was being "
			   "changed: all of it was read from the kernel again");
	declare_set(&shim.writer);
	baseline_write(&shim.writer, VM_REASON_UNORDERED);
	resync_doubt_break();
}

void baseline_again(void)
{
	uint64_t mask = shim_block_signals();

	rule_cache_forget_range(MEMORY_SET_ALL);
	if (read_again() < 0)
		shim.live = false;
	else
		write_again();
	shim_restore_signals(mask);
}
