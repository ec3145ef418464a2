/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PROCMAP_QUERY - one area, without the text of all the others
 */

#include <assert.h>
#include <errno.h>
#include "base/sys.h"
#include "vma/kernel_map.h"
#include "vma/procmap_query.h"
#include "vma/vm_flags.h"

/* From <linux/fs.h> of Linux 6.11; an older one is installed on many machines. */
struct procmap_query {
	uint64_t size;
	uint64_t query_flags;
	uint64_t query_addr;
	uint64_t vma_start;
	uint64_t vma_end;
	uint64_t vma_flags; /* 1 r, 2 w, 4 x, 8 s: as VM_READ and so on */
	uint64_t vma_page_size;
	uint64_t vma_offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t vma_name_size; /* in: of the buffer; out: of the name with its terminator, or 0 */
	uint32_t build_id_size;
	uint64_t vma_name_addr;
	uint64_t build_id_addr;
};
static_assert(sizeof(struct procmap_query) == 104, "the ioctl's number holds this size");

#define PROCMAP_QUERY_NR 0xc0686611ul
#define COVERING_OR_NEXT 0x10

static long query(int fd, uint64_t addr, char *name, size_t name_size, uint8_t *build_id,
		  struct procmap_query *q)
{
	*q = (struct procmap_query){
		.size = sizeof(*q),
		.query_flags = COVERING_OR_NEXT,
		.query_addr = addr,
		.vma_name_size = (uint32_t)name_size,
		.vma_name_addr = name_size == 0 ? 0 : (uintptr_t)name,
		.build_id_size = build_id == NULL ? 0 : VM_BUILD_ID_MAX,
		.build_id_addr = (uintptr_t)build_id,
	};
	return sys_ioctl(fd, PROCMAP_QUERY_NR, q);
}

static void fill_area(const struct procmap_query *q, const char *name, struct kernel_area *area)
{
	*area = (struct kernel_area){
		.range = { q->vma_start, q->vma_end },
		.flags = q->vma_flags & VM_VISIBLE,
		.offset = q->vma_offset,
		.dev = vm_dev(q->dev_major, q->dev_minor),
		.ino = q->inode,
		.name = q->vma_name_size == 0 ? "" : name,
		.name_len = q->vma_name_size == 0 ? 0 : q->vma_name_size - 1,
	};
}

int kernel_map_query(int fd, uint64_t addr, struct kernel_area *area, char *name, size_t name_size,
		     uint8_t *build_id, uint8_t *build_id_len, uint64_t *page_size)
{
	struct procmap_query q;
	long error = query(fd, addr, name, name_size, build_id, &q);

	/* A path below a very deep directory: the mapping counts, not its name. */
	if (error == -ENAMETOOLONG)
		error = query(fd, addr, name, 0, build_id, &q);
	if (error < 0)
		return (int)error;
	fill_area(&q, name, area);
	if (build_id != NULL)
		*build_id_len = (uint8_t)q.build_id_size;
	if (page_size != NULL)
		*page_size = q.vma_page_size;
	return 0;
}
