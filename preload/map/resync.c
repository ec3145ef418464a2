/* SPDX-License-Identifier: Apache-2.0 */

/*
 * resync - doubt is resolved by asking the kernel
 *
 * A range is read with PROCMAP_QUERY, or from the text where this kernel has no
 * such ioctl, and enters the map and the ledger as what it is: a fact that was
 * read back, with a reason.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/personality.h>
#include <sys/mman.h>
#include "base/mutation.h"
#include "base/sys.h"
#include "base/text.h"
#include "map/kernel_reader.h"
#include "shim/shim.h"
#include "stacks/stacks.h"
#include "vma/vm_edge.h"
#include "vma/vm_reach.h"
#include "vma/vm_replace.h"
#include "vma/vm_errno.h"

#define BATCH		64 /* areas per group */
#define ROOM_FOR_OBJECT 80 /* records: one, and a name of 4 KiB and more */

/* Guarded by the recorder's lock. */
static struct memory_area batch[BATCH];

/*
 * thread-self, because /proc/self is empty once the leader thread has exited;
 * opened each time, because a program may close every descriptor it did not
 * open, and would be right to.
 */
static int open_maps = -1;

int resync_open_maps(void)
{
	long fd = -ENOENT;

	if (!shim.emulated)
		fd = sys_openat(AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);
	if (fd == -ENOENT)
		fd = sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	open_maps = fd < 0 ? -1 : (int)fd;
	return (int)fd;
}

void resync_count_bad_lines(uint32_t n)
{
	if (n == 0)
		return;
	shim.n_bad_lines += n;
	if (shim.writer.header != NULL)
		shim.writer.header->n_bad_lines = shim.n_bad_lines;
}

void resync_close_maps(void)
{
	int fd = open_maps;

	open_maps = -1;
	if (fd >= 0)
		sys_close(fd);
}

/*
 * Each segment says of itself what its areas show, and nothing else: a program that maps a
 * million files, or as many pieces of shared memory, one after the other, must not fill
 * segments with those that are gone. Return: false when there is no room.
 */
static bool declare(struct ledger_writer *writer, uint32_t id)
{
	struct vm_object *object = vm_objects_get(&shim.space.objects, id);

	if (object == NULL || object->declared == writer->lap_number)
		return true;
	if (!writer->in_checkpoint && !ledger_writer_room(writer, ROOM_FOR_OBJECT))
		return false;
	if (object->declared == writer->lap_number)
		return true; /* by the checkpoint of a segment that has just begun */
	object->declared = writer->lap_number;
	ledger_writer_object(writer, id, object);
	return true;
}

void resync_declare_set(struct ledger_writer *writer)
{
	struct memory_set_iter iter = memory_set_iter_from_start(shim.space.set, MEMORY_SET_ALL);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (!declare(writer, (uint32_t)area->tag[VM_TAG_OBJECT]))
			return;
}

void resync_forget_declared(void)
{
	for (uint32_t id = 1; id <= shim.space.objects.count; id++)
		vm_objects_get(&shim.space.objects, id)->declared = 0;
}

#define DECLARE_TRIES 3

/* Making room may begin a segment, which knows only what is in the set so far. */
bool resync_declare(struct ledger_writer *writer, const struct memory_area *areas, uint32_t n)
{
	uint64_t lap;
	unsigned tries = 0;

	do {
		lap = writer->lap_number;
		for (uint32_t i = 0; i < n; i++)
			if (!declare(writer, (uint32_t)areas[i].tag[VM_TAG_OBJECT]))
				return false;
		if (!ledger_writer_room(writer, n + 1))
			return false;
	} while (lap != writer->lap_number && ++tries < DECLARE_TRIES);
	return true;
}

static void learn_build_id(struct kernel_reader *reader, uint32_t id)
{
	struct vm_object *object = vm_objects_get(&shim.space.objects, id);

	if (object == NULL || object->declared != 0 || object->build_id_len != 0 ||
	    reader->build_id_len == 0)
		return;
	object->build_id_len = reader->build_id_len;
	memcpy(object->build_id, reader->build_id, reader->build_id_len);
}

/*
 * A file of huge pages is mapped in whole ones, however short the length was that
 * mmap was given: then the range goes on to the area's end.
 */
static void widen(struct addr_range *range, const struct kernel_reader *reader,
		  const struct kernel_area *found)
{
	if (reader->page_size > VM_PAGE_SIZE && found->range.end > range->end)
		range->end = found->range.end;
}

/* The next areas inside @range; -1 when the kernel or memory fails us. */
static int read_batch(struct kernel_reader *reader, struct addr_range *range, bool *more)
{
	struct kernel_area found;
	int n = 0;

	*more = false;
	while (n < BATCH && kernel_reader_next(reader, &found) && found.range.start < range->end) {
		widen(range, reader, &found);
		if (kernel_area_to_memory_area(&found, &shim.space.objects, &batch[n]) < 0)
			return -1;
		learn_build_id(reader, (uint32_t)batch[n].tag[VM_TAG_OBJECT]);
		memory_area_clip(&batch[n++], *range);
	}
	*more = n == BATCH;
	return n;
}

static void write_group(enum vm_reason reason, struct addr_range range, uint64_t event, int n)
{
	if (!resync_declare(&shim.writer, batch, (uint32_t)n))
		return;
	ledger_writer_resync(&shim.writer, reason, range, event, (uint32_t)n);
	for (int i = 0; i < n; i++)
		ledger_writer_area(&shim.writer, &batch[i]);
}

/* One batch after the other, each with the part of the range it speaks for. */
static bool resync_with(struct kernel_reader *reader, struct addr_range range,
			enum vm_reason reason, uint64_t event)
{
	bool more = true;

	while (more) {
		int n = read_batch(reader, &range, &more);
		struct addr_range part = range;

		if (n < 0)
			return false;
		if (more)
			part.end = batch[n - 1].range.end;
		vm_space_reserve(&shim.space, (size_t)n);
		write_group(reason, part, event, n);
		if (vm_replace(&shim.space, part, batch, (size_t)n, vm_reason_source(reason)) < 0)
			return false;
		range.start = part.end;
		more = more && range.start < range.end;
	}
	return true;
}

/* Said once each time that it begins: the reason may have gone and come again. */
static void remember_unread(int error)
{
	char buffer[160];
	struct text text;

	if (shim.unread)
		return;
	shim.unread = true;
	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "the kernel's map can't be opened (");
	text_string(&text, vm_errno_name(-error));
	text_string(&text, "): while that lasts nothing is asked");
	ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED, buffer);
}

/* It can be asked again: any of what was not may have changed. */
static void read_the_unread(void)
{
	shim.unread = false;
	resync_range((struct addr_range){ 0, RESYNC_USER_END }, VM_REASON_EFFECT, 0);
}

void resync_range(struct addr_range range, enum vm_reason reason, uint64_t event)
{
	struct kernel_reader reader;
	uint64_t mask;

	if (range.end > RESYNC_USER_END)
		range.end = RESYNC_USER_END;
	if (range.start >= range.end || shim.sandboxed)
		return;
	if (reason != VM_REASON_IDENTITY && reason != VM_REASON_OWN)
		stacks_forget_range(range);
	mask = shim_block_signals();
	if (kernel_reader_open(&reader, range.start)) {
		resync_with(&reader, range, reason, event);
		kernel_reader_close(&reader);
		if (shim.unread)
			read_the_unread();
	} else {
		remember_unread(reader.fd);
	}
	shim_restore_signals(mask);
	shim.n_resyncs += reason != VM_REASON_IDENTITY && reason != VM_REASON_OWN;
	resync_own();
}

int resync_peek(struct addr_range *range, const struct memory_area **areas)
{
	struct kernel_reader reader;
	bool more = false;
	int n = -1;

	if (kernel_reader_open(&reader, range->start)) {
		n = read_batch(&reader, range, &more);
		kernel_reader_close(&reader);
	}
	if (more)
		range->end = batch[n - 1].range.end;
	*areas = batch;
	return n;
}

/* The kernel's area that @addr lies in, or the next; the page at @addr where there is none. */
static struct addr_range ask_for_area(uint64_t addr)
{
	struct kernel_reader reader;
	struct kernel_area area;
	struct addr_range range = { addr, addr + VM_PAGE_SIZE };

	if (kernel_reader_open(&reader, addr) && kernel_reader_next(&reader, &area))
		range = area.range;
	kernel_reader_close(&reader);
	return range;
}

void resync_mapping(uint64_t addr, enum vm_reason reason, uint64_t event)
{
	struct addr_range range;
	uint64_t mask;

	if (shim.sandboxed)
		return;
	mask = shim_block_signals();
	range = ask_for_area(addr);
	if (range.start > addr)
		range = (struct addr_range){ addr, addr + VM_PAGE_SIZE };
	resync_range(range, reason, event);
	shim_restore_signals(mask);
}

void resync_up_from(uint64_t addr, enum vm_reason reason, uint64_t event)
{
	uint64_t mask;

	if (shim.sandboxed)
		return;
	mask = shim_block_signals();
	resync_range((struct addr_range){ addr, ask_for_area(addr).end }, reason, event);
	shim_restore_signals(mask);
}

void resync_edges(struct addr_range range)
{
	const struct memory_area *areas;
	struct addr_range gap, asked;

	while (!shim.sandboxed && vm_edge_next(shim.space.set, &range, &gap)) {
		uint64_t mask = shim_block_signals();

		asked = gap;
		if (resync_peek(&asked, &areas) > 0)
			resync_range(gap, VM_REASON_STACK, 0);
		shim_restore_signals(mask);
	}
}

void resync_before(const struct vm_call *call)
{
	struct addr_range ranges[2];
	unsigned n = vm_ranges_to_know(call, ranges);

	for (unsigned i = 0; i < n; i++)
		resync_edges(ranges[i]);
}

/* ------------------------------------------------------- the shim's own memory */

bool resync_reserve(struct addr_range range)
{
	uint64_t size = range.end - range.start;
	long at =
		sys_mmap(range.start, size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (at == (long)range.start)
		return true;
	if (!sys_is_error(at)) /* a kernel that takes the flag for a hint */
		sys_munmap((uint64_t)at, size);
	return false;
}

void resync_enter_own(const struct memory_area *area)
{
	if (memory_set_reserve(shim.space.set, VM_APPLY_GROWTH) < 0)
		return;
	if (ledger_writer_room(&shim.writer, 2)) {
		ledger_writer_resync(&shim.writer, VM_REASON_OWN, area->range, 0, 1);
		ledger_writer_area(&shim.writer, area);
	}
	memory_set_replace(shim.space.set, area->range, area, 1);
}

/* What this thread's personality adds to what it maps. */
static uint64_t implied_flags(void)
{
	if (!shim.space.exec_is_unsure && !(shim.space.personality & READ_IMPLIES_EXEC))
		return 0;
	if (shim.sandboxed)
		return shim.space.personality & READ_IMPLIES_EXEC ? VM_EXEC : 0;
	return sys_call6(SYS_personality, 0xffffffff, 0, 0, 0, 0, 0) & READ_IMPLIES_EXEC ? VM_EXEC
											 : 0;
}

void resync_leave_own(struct addr_range range)
{
	if (memory_set_reserve(shim.space.set, VM_APPLY_GROWTH) < 0)
		return;
	if (ledger_writer_room(&shim.writer, 1))
		ledger_writer_resync(&shim.writer, VM_REASON_OWN, range, 0, 0);
	memory_set_replace(shim.space.set, range, NULL, 0);
}

/* Regions of the allocator: plain anonymous memory. */
static void enter_regions(void)
{
	while (shim.n_regions_known < shim.pages.n_regions) {
		struct memory_area area = {
			.range = shim.pages.regions[shim.n_regions_known++],
			.flags = VM_READ | VM_WRITE | VM_OWN | shim.space.new_flags |
				 implied_flags(),
			.offset = MEMORY_AREA_NO_OFFSET,
		};

		resync_enter_own(&area);
	}
}

/*
 * Moving a window maps it anew, so it may have become executable: whether it has depends on
 * the file system, too.
 */
static void learn_implied_exec(struct memory_area *window)
{
	struct addr_range range = window->range;
	const struct memory_area *found;
	uint64_t mask;

	if (shim.sandboxed || implied_flags() == 0)
		return;
	mask = shim_block_signals();
	if (resync_peek(&range, &found) > 0 && found->range.start == window->range.start)
		window->flags |= found->flags & VM_EXEC;
	shim_restore_signals(mask);
}

/* The window shows another part of the same file now. */
static void enter_window(void)
{
	struct addr_range ranges[2];
	uint64_t offsets[2];
	unsigned n = ledger_writer_ranges(&shim.writer, ranges, offsets);

	for (unsigned i = 0; i < n; i++) {
		const struct memory_area *old = memory_set_find(shim.space.set, ranges[i].start);
		struct memory_area area;

		if (old == NULL || old->offset == offsets[i])
			continue;
		area = *old;
		area.range = ranges[i];
		area.offset = offsets[i];
		learn_implied_exec(&area);
		resync_enter_own(&area);
	}
}

void resync_own(void)
{
	for (unsigned i = 0; i < 4 && !ML_MUTATED(OWN_MEMORY_FORGOTTEN); i++) {
		if (shim.n_regions_known < shim.pages.n_regions)
			enter_regions();
		if (!ledger_writer_moved(&shim.writer))
			return;
		enter_window();
	}
}
