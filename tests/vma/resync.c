/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "base/sys.h"
#include "resync.h"
#include "vma/kernel_map.h"
#include "vma/procmap_query.h"
#include "vma/vm_replace.h"

static char line_buffer[16 << 10];
static char name_buffer[4096 + 64];

int64_t perform_for_real(void *context, struct vm_call *call)
{
	const uint64_t *a = call->args;

	(void)context;
	call->result = sys_call6(vm_op_info(call->op)->nr, (long)a[0], (long)a[1], (long)a[2],
				 (long)a[3], (long)a[4], (long)a[5]);
	vm_call_learn(call);
	return call->result;
}

static int open_maps(void)
{
	int fd = (int)sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		abort();
	return fd;
}

bool kernel_has_query(void)
{
	struct kernel_area area;
	int fd = open_maps();
	int error =
		kernel_map_query(fd, 0, &area, name_buffer, sizeof(name_buffer), NULL, NULL, NULL);

	sys_close(fd);
	return error == 0;
}

struct asking {
	enum kernel_way way;
	int fd;
	uint64_t at;
	struct kernel_map_text text;
};

static void ask(struct asking *asking, enum kernel_way way, uint64_t at)
{
	*asking = (struct asking){ .way = way, .fd = open_maps(), .at = at };
	kernel_map_text_init(&asking->text, asking->fd, line_buffer, sizeof(line_buffer));
}

static bool answer(struct asking *asking, struct kernel_area *area)
{
	int error;

	if (asking->way == KERNEL_TEXT) {
		while (kernel_map_text_next(&asking->text, area))
			if (area->range.end > asking->at)
				return true;
		if (asking->text.error != 0 || asking->text.n_bad_lines != 0)
			abort();
		return false;
	}
	error = kernel_map_query(asking->fd, asking->at, area, name_buffer, sizeof(name_buffer),
				 NULL, NULL, NULL);
	if (error != 0 && error != -ENOENT)
		abort();
	asking->at = area->range.end;
	return error == 0;
}

/* A mapping may be larger than its call said (see VM_DOUBTS_MAX). */
static struct addr_range widen(struct addr_range range, enum kernel_way way)
{
	struct asking asking;
	struct kernel_area area;

	ask(&asking, way, range.end - 1);
	if (answer(&asking, &area) && area.range.start < range.end && area.range.end > range.end)
		range.end = area.range.end;
	sys_close(asking.fd);
	return range;
}

void readback_get(struct readback *readback, struct vm_space *space, struct addr_range range,
		  enum vm_reason reason, enum kernel_way way)
{
	struct asking asking;
	struct kernel_area area;

	if (reason == VM_REASON_IDENTITY)
		range = widen(range, way);
	readback->range = range;
	readback->reason = reason;
	readback->n_areas = 0;
	ask(&asking, way, range.start);
	while (answer(&asking, &area) && area.range.start < range.end) {
		struct memory_area *to = &readback->areas[readback->n_areas++];

		if (readback->n_areas > READBACK_MAX ||
		    kernel_area_to_memory_area(&area, &space->objects, to) < 0)
			abort();
		memory_area_clip(to, range);
	}
	sys_close(asking.fd);
}

/* The kernel's area that @addr lies in. */
static struct addr_range whole_at(uint64_t addr, enum kernel_way way)
{
	struct addr_range range = { addr, addr + VM_PAGE_SIZE };
	struct asking asking;
	struct kernel_area area;

	ask(&asking, way, addr);
	if (answer(&asking, &area) && area.range.start <= addr)
		range = area.range;
	sys_close(asking.fd);
	return range;
}

void readback_doubt(struct readback *readback, struct vm_space *space, const struct vm_doubt *doubt,
		    enum kernel_way way)
{
	struct addr_range range = doubt->range;

	if (doubt->whole && doubt->reason != VM_REASON_IDENTITY)
		range = whole_at(range.start, way);
	readback_get(readback, space, range, doubt->reason, way);
}

int readback_put(const struct readback *readback, struct vm_space *space)
{
	int error = vm_space_reserve(space, readback->n_areas);

	if (error != 0)
		return error;
	return vm_replace(space, readback->range, readback->areas, readback->n_areas,
			  vm_reason_source(readback->reason));
}
