/* SPDX-License-Identifier: Apache-2.0 */

/*
 * baseline - what was mapped before anybody looked
 *
 * The kernel, ld.so and other preloaded libraries map a program before our
 * constructor runs; a fork child begins with what its parent had. Both are read
 * from the kernel, and every area says that this is where it comes from.
 */

#include <errno.h>
#include "base/sys.h"
#include "vma/kernel_map.h"
#include "vma/procmap_query.h"
#include "vma/vm_replace.h"
#include "shim/shim.h"
#include "sites/site_stubs.h"
#include "stacks/stacks.h"

#define GROUP 64 /* areas per ledger group */

/* The windows into the ledger are found in the map, because their file's identity is there. */
static void mark_window(struct addr_range range)
{
	const struct memory_area *found = memory_set_find(shim.space.set, range.start);
	struct memory_area own;

	if (found == NULL)
		return;
	own = *found;
	own.offset = memory_area_offset_at(found, range.start);
	own.range = range;
	own.flags |= VM_OWN;
	memory_set_replace(shim.space.set, range, &own, 1);
}

/* Plain memory; it may be younger than the text that was read. */
static void mark_memory(struct addr_range range, uint64_t prot)
{
	struct memory_area own = {
		.range = range,
		.flags = prot | VM_OWN | VM_BASELINE,
		.offset = MEMORY_AREA_NO_OFFSET,
	};

	memory_set_replace(shim.space.set, range, &own, 1);
}

void baseline_mark_own(void)
{
	uint64_t mark = (uintptr_t)shim.fork_mark;
	struct addr_range windows[2];
	uint64_t offsets[2];
	unsigned n = ledger_writer_ranges(&shim.writer, windows, offsets);
	const struct addr_range *code;

	vm_space_reserve(&shim.space, 2 * (PAGE_ALLOCATOR_REGIONS + SITE_PAGES_MAX + 3));
	for (unsigned i = 0; i < n; i++)
		mark_window(windows[i]);
	mark_memory((struct addr_range){ mark, mark + VM_PAGE_SIZE }, VM_READ | VM_WRITE);
	for (unsigned i = 0; i < shim.pages.n_regions; i++)
		mark_memory(shim.pages.regions[i], VM_READ | VM_WRITE);
	shim.n_regions_known = shim.pages.n_regions;
	n = site_pages(&code);
	for (unsigned i = 0; i < n; i++)
		mark_memory(code[i], VM_READ | VM_EXEC);
}

/* Which build of a file is running: the text of the map does not say. Unknown before Linux 6.11. */
static void learn_build_id(int fd, const struct memory_area *area)
{
	struct vm_object *object =
		vm_objects_get(&shim.space.objects, (uint32_t)area->tag[VM_TAG_OBJECT]);
	struct kernel_area found;

	if (object == NULL || object->ino == 0 || object->build_id_len != 0 ||
	    !(area->flags & VM_EXEC))
		return;
	kernel_map_query(fd, area->range.start, &found, NULL, 0, object->build_id,
			 &object->build_id_len, NULL);
}

int baseline_read(void)
{
	static char buffer[16 << 10];
	struct kernel_map_text text;
	struct kernel_area area;
	struct memory_area found;
	int fd = resync_open_maps();
	int error = 0;

	if (fd < 0)
		return fd;
	kernel_map_text_init(&text, fd, buffer, sizeof(buffer));
	while (error == 0 && kernel_map_text_next(&text, &area)) {
		error = kernel_area_to_memory_area(&area, &shim.space.objects, &found);
		if (error == 0)
			learn_build_id(fd, &found);
		if (error == 0)
			error = vm_space_reserve(&shim.space, 1);
		if (error == 0)
			error = vm_replace(&shim.space, found.range, &found, 1, VM_BASELINE);
	}
	resync_close_maps();
	resync_count_bad_lines(text.n_bad_lines);
	return error != 0 ? error : text.error;
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
	struct memory_set_iter iter = memory_set_iter_from_start(shim.space.set, MEMORY_SET_ALL);
	uint64_t from = 0;

	while (write_group(writer, reason, &iter, &from))
		;
}

void baseline_checkpoint(void *context, struct ledger_writer *writer)
{
	(void)context;
	resync_declare_set(writer);
	baseline_write(writer, VM_REASON_CHECKPOINT);
}

/*
 * The memory of sets that were given up. Whoever was changing one is gone, as far
 * as can be told; in case it is not, a set stays for some generations more.
 */
#define GENERATIONS	   8
#define GENERATION_REGIONS 8

static struct addr_range given_up[GENERATIONS][GENERATION_REGIONS];
static unsigned generation;

static void give_up_pages(void)
{
	struct addr_range *regions = given_up[generation++ % GENERATIONS];

	for (unsigned i = 0; i < GENERATION_REGIONS; i++) {
		if (regions[i].end > regions[i].start)
			sys_munmap(regions[i].start, regions[i].end - regions[i].start);
		regions[i] = i < shim.pages.n_regions ? shim.pages.regions[i]
						      : (struct addr_range){ 0, 0 };
	}
	page_allocator_init(&shim.pages);
}

/* Walking a torn set is not safe, and neither are the lists of its allocator. */
int baseline_new_space(void)
{
	struct vm_space old = shim.space;
	int error;

	give_up_pages();
	error = vm_space_init(&shim.space, &shim.pages.allocator, recorder_perform, &shim.recorder);
	shim.space.start_brk = old.start_brk;
	shim.space.start_stack = old.start_stack;
	shim.space.brk = old.brk;
	shim.space.personality = old.personality;
	shim.space.exec_is_unsure = old.exec_is_unsure;
	shim.space.new_flags = old.new_flags;
	return error;
}

static int read_again(void)
{
	int error;

	shim.writer.in_checkpoint = false;
	error = baseline_new_space();
	return error < 0 ? error : baseline_read();
}

static void write_again(void)
{
	baseline_mark_own();
	ledger_writer_note(&shim.writer, LEDGER_NOTE_REBUILT,
			   "a signal handler left a call for good while the map was being "
			   "changed: all of it was read from the kernel again");
	resync_declare_set(&shim.writer);
	baseline_write(&shim.writer, VM_REASON_UNORDERED);
	recorder_doubt_break();
}

void baseline_again(void)
{
	uint64_t mask = shim_block_signals();

	stacks_forget_range(MEMORY_SET_ALL);
	if (read_again() < 0)
		shim.live = false;
	else
		write_again();
	shim_restore_signals(mask);
}
