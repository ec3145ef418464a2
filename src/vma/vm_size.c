/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sizes that Linux derives from a call's arguments, or that only the map knows
 */

#include <sys/mman.h>
#include "base/text.h"
#include "vma/vm_abi.h"
#include "vma/vm_size.h"

struct addr_range vm_pages(uint64_t addr, uint64_t len)
{
	struct addr_range pages = { addr, addr + vm_page_up(len) };

	if ((addr & (VM_PAGE_SIZE - 1)) != 0 || pages.end < pages.start)
		pages.end = pages.start;
	return pages;
}

unsigned vm_mmap_huge_shift(uint64_t map_flags)
{
	unsigned shift = map_flags >> VM_MAP_HUGE_SHIFT & VM_MAP_HUGE_MASK;

	if (!(map_flags & MAP_HUGETLB))
		return 0;
	return shift != 0 ? shift : VM_DEFAULT_HUGE_SHIFT;
}

/* Anonymous memory of huge pages comes in whole ones. Wraps to 0, and then mmap fails. */
uint64_t vm_mmap_size(const struct vm_call *call)
{
	unsigned shift = vm_mmap_huge_shift(call->args[3]);
	uint64_t page_size = shift == 0 ? VM_PAGE_SIZE : 1ULL << shift;

	return (call->args[1] + page_size - 1) & ~(page_size - 1);
}

/* Private anonymous memory: all that a stack can be. */
static bool may_be_stack(const struct memory_area *area)
{
	return area->tag[VM_TAG_OBJECT] == 0 && !(area->flags & (VM_SHARED | VM_FILE));
}

/*
 * The gap below counts too: the kernel may have let the stack grow into it since we
 * last looked, and up to another stack, of which it then makes one area with this.
 */
uint64_t vm_stack_start(const struct memory_set *set, uint64_t addr)
{
	struct memory_set_iter iter = memory_set_iter_from_end(set, (struct addr_range){ 0, addr });
	const struct memory_area *area;

	while ((area = memory_set_iter_prev(&iter)) != NULL) {
		uint64_t end = area->range.end < addr ? area->range.end : addr;

		if (!may_be_stack(area) || (end < addr && !(area->flags & VM_GROWSDOWN)))
			return end;
		addr = area->range.start;
	}
	return 0;
}

uint64_t vm_ring_size(const struct vm_space *space, uint64_t addr)
{
	const struct memory_area *area = memory_set_find(space->set, addr);
	const struct vm_object *ring;

	if (area == NULL || !(area->flags & VM_AIO))
		return 0;
	ring = vm_objects_get(&space->objects, (uint32_t)area->tag[VM_TAG_OBJECT]);
	return ring == NULL ? 0 : ring->size;
}

uint64_t vm_largest_ring(const struct vm_objects *objects)
{
	const struct vm_object *object;
	uint64_t size = 0;

	for (uint32_t id = 1; (object = vm_objects_get(objects, id)) != NULL; id++)
		if (text_begins_with(object->name, "/[aio]") && object->size > size)
			size = object->size;
	return size;
}
