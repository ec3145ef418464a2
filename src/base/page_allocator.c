/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/mman.h>
#include "base/page_allocator.h"
#include "base/sys.h"

#define SMALLEST_CLASS 6 /* 64 bytes, the alignment a set asks for */
#define REGION_MIN     (256u << 10)

static unsigned size_class(size_t size)
{
	unsigned class = SMALLEST_CLASS;

	while (((size_t)1 << class) < size && class < PAGE_ALLOCATOR_CLASSES)
		class ++;
	return class;
}

/* Regions double, so that their number stays small however much is asked for. */
static bool add_region(struct page_allocator *pages, size_t block)
{
	size_t size = (size_t)REGION_MIN << (pages->n_regions < 20 ? pages->n_regions / 2 : 10);
	long at;

	if (pages->closed || pages->n_regions == PAGE_ALLOCATOR_REGIONS)
		return false;
	if (size < block)
		size = block;
	at = sys_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sys_is_error(at))
		return false;
	/* Under mlockall(MCL_FUTURE) it would be locked, at the cost of what the program may lock.
	 */
	sys_call6(SYS_munlock, at, (long)size, 0, 0, 0, 0);
	pages->regions[pages->n_regions++] =
		(struct addr_range){ (uint64_t)at, (uint64_t)at + size };
	pages->next = (uint64_t)at;
	pages->end = (uint64_t)at + size;
	return true;
}

static void *page_alloc(void *context, size_t size)
{
	struct page_allocator *pages = context;
	unsigned class = size_class(size);
	size_t block = (size_t)1 << class;
	void *found;

	if (class >= PAGE_ALLOCATOR_CLASSES)
		return NULL;
	found = pages->free_lists[class];
	if (found != NULL) {
		pages->free_lists[class] = *(void **)found;
		return found;
	}
	if (pages->end - pages->next < block && !add_region(pages, block))
		return NULL;
	found = (void *)(uintptr_t)pages->next;
	pages->next += block;
	return found;
}

static void page_free(void *context, void *memory, size_t size)
{
	struct page_allocator *pages = context;
	unsigned class = size_class(size);

	if (memory == NULL)
		return;
	*(void **)memory = pages->free_lists[class];
	pages->free_lists[class] = memory;
}

void page_allocator_init(struct page_allocator *pages)
{
	*pages = (struct page_allocator){
		.allocator = { .alloc = page_alloc, .free = page_free, .context = pages },
	};
}
