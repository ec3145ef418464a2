/* SPDX-License-Identifier: Apache-2.0 */
#include "map/map.h"
#include "map/peek.h"

#define BATCH 64 /* areas */

/* Guarded by the recorder's lock. */
static struct memory_area batch[BATCH];

static void learn_build_id(struct kernel_reader *reader, uint32_t id)
{
	struct vm_object *object = vm_objects_get(&map.space.objects, id);

	if (object != NULL && object->declared == 0)
		vm_object_learn_build_id(object, reader->build_id, reader->build_id_len);
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

int peek_batch(struct kernel_reader *reader, struct addr_range *range,
	       const struct memory_area **areas, bool *more)
{
	struct kernel_area found;
	int n = 0;

	*more = false;
	*areas = batch;
	while (n < BATCH && kernel_reader_next(reader, &found) && found.range.start < range->end) {
		widen(range, reader, &found);
		if (kernel_area_to_memory_area(&found, &map.space.objects, &batch[n]) < 0)
			return -1;
		learn_build_id(reader, (uint32_t)batch[n].tag[VM_TAG_OBJECT]);
		memory_area_clip(&batch[n++], *range);
	}
	*more = n == BATCH;
	return n;
}

int peek_range(struct addr_range *range, const struct memory_area **areas)
{
	struct kernel_reader reader;
	bool more = false;
	int n = -1;

	*areas = batch;
	if (kernel_reader_open(&reader, range->start)) {
		n = peek_batch(&reader, range, areas, &more);
		kernel_reader_close(&reader);
	}
	if (more)
		range->end = batch[n - 1].range.end;
	return n;
}

struct addr_range peek_area(uint64_t addr)
{
	struct kernel_reader reader;
	struct kernel_area area;
	struct addr_range range = { addr, addr + VM_PAGE_SIZE };

	if (kernel_reader_open(&reader, addr) && kernel_reader_next(&reader, &area))
		range = area.range;
	kernel_reader_close(&reader);
	return range;
}
