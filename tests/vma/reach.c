/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests which pages a call is about: under way, when only its arguments are known, and done
 *
 * Two answers: "reach" is all that may have changed, and everything where that could be
 * anywhere; "touch" is what a screen shows of the call, and nothing where that isn't known.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "areas_text.h"
#include "vma/vm_abi.h"
#include "vma/vm_reach.h"
#include "vma/vm_touch.h"

#define FIXED	 (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define ANYWHERE (MAP_PRIVATE | MAP_ANONYMOUS)

/* A map in which each kind of place is: a heap, a stack, a segment of two pieces, a ring. */
static const char map[] = "10000-12000 rw-p heap, 20000-24000 rw-p, "
			  "30000-32000 rw-s shm object 1, 32000-33000 r--s shm object 1, "
			  "40000-42000 rw-s aio object 2, 7e000-80000 rw-p stack";

struct reach_case {
	char name[40];
	enum vm_op op;
	uint64_t args[6];
	int64_t result;
	/* What is reached and touched by a call under way, and by one that returned @result. */
	char under_way[40], touch_under_way[40];
	char done[40], touch_done[40];
	char to_know[40];  /* beforehand */
	uint64_t unplaced; /* bytes whose place only the kernel knows */
};

#define ALL "all"

/* Two lines a row. */
/* clang-format off */
static const struct reach_case cases[] = {
	{ "mmap anywhere", VM_OP_MMAP, { 0, 4097, PROT_READ, ANYWHERE }, 0x50000,
	  ALL, "", "50000-52000", "50000-52000", "", 0x2000 },
	{ "mmap at a fixed place", VM_OP_MMAP, { 0x50000, 4096, PROT_READ, FIXED }, 0x50000,
	  "50000-51000", "50000-51000", "50000-51000", "50000-51000", "", 0 },
	{ "mmap at a fixed place, refused", VM_OP_MMAP, { 0x50000, 4096, PROT_READ, FIXED }, -ENOMEM,
	  "50000-51000", "50000-51000", "50000-51000", "50000-51000", "", 0 },
	{ "mmap, refused", VM_OP_MMAP, { 0, 4096, PROT_READ, ANYWHERE }, -ENOMEM,
	  ALL, "", "", "", "", 0x1000 },
	{ "mmap of a huge page", VM_OP_MMAP, { 0, 4096, PROT_READ, ANYWHERE | MAP_HUGETLB | 21u << 26 }, 0x200000,
	  ALL, "", "200000-400000", "200000-400000", "", 0x1000 },
	{ "munmap", VM_OP_MUNMAP, { 0x20000, 1 }, 0,
	  "20000-21000", "20000-21000", "20000-21000", "20000-21000", "", 0 },
	{ "munmap of nothing", VM_OP_MUNMAP, { 0x20000, 0 }, -EINVAL,
	  "", "", "", "", "", 0 },
	{ "munmap past the end", VM_OP_MUNMAP, { 0x20000, UINT64_MAX }, -EINVAL,
	  "20000-end", "", "20000-end", "", "", 0 },
	{ "mprotect", VM_OP_MPROTECT, { 0x21000, 4097, PROT_READ }, 0,
	  "21000-23000", "21000-23000", "21000-23000", "21000-23000", "", 0 },
	/* The gap below the stack counts: it may have grown into it. */
	{ "mprotect of a stack, downwards", VM_OP_MPROTECT, { 0x7f000, 4096, PROT_READ | PROT_GROWSDOWN }, 0,
	  "42000-80000", "42000-80000", "42000-80000", "42000-80000", "", 0 },
	{ "pkey_mprotect", VM_OP_PKEY_MPROTECT, { 0x20000, 4096, PROT_READ, 1 }, 0,
	  "20000-21000", "20000-21000", "20000-21000", "20000-21000", "", 0 },
	{ "mremap in place, larger", VM_OP_MREMAP, { 0x20000, 4096, 8192, 0 }, 0x20000,
	  "20000-22000", "20000-22000", "20000-22000 20000-22000", "20000-22000", "20000-22000", 0 },
	{ "mremap that may move", VM_OP_MREMAP, { 0x20000, 4096, 8192, MREMAP_MAYMOVE }, 0x50000,
	  ALL, "20000-21000", "20000-22000 50000-52000", "20000-21000 50000-52000", "20000-22000", 0x2000 },
	{ "mremap to a fixed place", VM_OP_MREMAP, { 0x20000, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0x60000 }, 0x60000,
	  "20000-21000 60000-61000", "20000-21000 60000-61000", "20000-21000 60000-61000", "20000-21000 60000-61000", "20000-21000 60000-61000", 0 },
	{ "mremap to a fixed place, refused", VM_OP_MREMAP, { 0x20000, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0x60000 }, -ENOMEM,
	  "20000-21000 60000-61000", "20000-21000 60000-61000", "20000-21000 60000-61000", "20000-21000 60000-61000", "20000-21000 60000-61000", 0 },
	{ "brk upwards", VM_OP_BRK, { 0x14000 }, 0x14000,
	  "10000-14000", "12000-14000", "10000-14000", "12000-14000", "", 0 },
	{ "brk downwards", VM_OP_BRK, { 0x11000 }, 0x11000,
	  "10000-12000", "11000-12000", "10000-12000", "11000-12000", "", 0 },
	{ "brk, asked", VM_OP_BRK, { 0 }, 0x12000,
	  "10000-12000", "", "10000-12000", "", "", 0 },
	{ "shmat", VM_OP_SHMAT, { 7, 0, 0 }, 0x30000,
	  ALL, "", ALL, "30000-33000", "", 0 },
	{ "shmat where no segment is", VM_OP_SHMAT, { 7, 0, 0 }, 0x20000,
	  ALL, "", ALL, "", "", 0 },
	{ "shmat, refused", VM_OP_SHMAT, { 7, 0, 0 }, -EINVAL,
	  ALL, "", "", "", "", 0 },
	{ "shmdt", VM_OP_SHMDT, { 0x30000 }, 0,
	  ALL, "30000-33000", ALL, "30000-33000", "", 0 },
	{ "shmdt, refused", VM_OP_SHMDT, { 0x20000 }, -EINVAL,
	  ALL, "", "", "", "", 0 },
	{ "io_setup", VM_OP_IO_SETUP, { 1, 0, 0x40000 }, 0,
	  "40000-42000", "", "40000-42000", "40000-42000", "", 0 },
	{ "io_setup, refused", VM_OP_IO_SETUP, { 1, 0, 0 }, -EAGAIN,
	  ALL, "", "", "", "", 0 },
	{ "io_destroy", VM_OP_IO_DESTROY, { 0x40000 }, 0,
	  "40000-42000", "40000-42000", "40000-42000", "40000-42000", "", 0 },
	{ "io_destroy of what is no ring", VM_OP_IO_DESTROY, { 0x20000 }, 0,
	  ALL, "", ALL, "", "", 0 },
	{ "map_shadow_stack", VM_OP_MAP_SHADOW_STACK, { 0, 4096, 0 }, 0x50000,
	  ALL, "", "50000-51000", "50000-51000", "", 0 },
	{ "map_shadow_stack, refused", VM_OP_MAP_SHADOW_STACK, { 0, 4096, 0 }, -EINVAL,
	  ALL, "", "", "", "", 0 },
	{ "remap_file_pages", VM_OP_REMAP_FILE_PAGES, { 0x20000, 4096, 0, 1, 0 }, 0,
	  "20000-21000", "20000-21000", "20000-21000", "20000-21000", "", 0 },
	{ "arch_prctl", VM_OP_ARCH_PRCTL, { 0x2002, 0 }, 0x50000,
	  ALL, "", ALL, "", "", 0 },
	{ "arch_prctl, refused", VM_OP_ARCH_PRCTL, { 0x2002, 0 }, -EEXIST,
	  ALL, "", "", "", "", 0 },
	{ "prctl: a name", VM_OP_PRCTL, { PR_SET_VMA, 0, 0x20000, 4096, 0 }, 0,
	  "", "20000-21000", "", "20000-21000", "", 0 },
	{ "prctl: another", VM_OP_PRCTL, { PR_SET_MM, 1, 0x20000 }, 0,
	  "", "", "", "", "", 0 },
	/* Advice with an effect on the map, and advice without one. */
	{ "madvise DONTFORK", VM_OP_MADVISE, { 0x21000, 4096, MADV_DONTFORK }, 0,
	  "21000-22000", "21000-22000", "21000-22000", "21000-22000", "20000-22000", 0 },
	{ "madvise WILLNEED", VM_OP_MADVISE, { 0x21000, 4096, MADV_WILLNEED }, 0,
	  "21000-22000", "21000-22000", "21000-22000", "21000-22000", "", 0 },
	/* No map shows locks and seals. */
	{ "mlock", VM_OP_MLOCK, { 0x21000, 4096 }, 0,
	  "", "21000-22000", "", "21000-22000", "20000-22000", 0 },
	{ "mlock2", VM_OP_MLOCK2, { 0x21000, 4096, 1 }, 0,
	  "", "21000-22000", "", "21000-22000", "20000-22000", 0 },
	{ "munlock", VM_OP_MUNLOCK, { 0x21000, 4096 }, 0,
	  "", "21000-22000", "", "21000-22000", "20000-22000", 0 },
	{ "mseal", VM_OP_MSEAL, { 0x21000, 4096, 0 }, 0,
	  "", "21000-22000", "", "21000-22000", "20000-22000", 0 },
	{ "mlockall", VM_OP_MLOCKALL, { 1 }, 0,
	  "", "", "", "", ALL, 0 },
	{ "munlockall", VM_OP_MUNLOCKALL, { 0 }, 0,
	  "", "", "", "", ALL, 0 },
	{ "fork", VM_OP_FORK, { 17 }, 4300,
	  "", "", "", "", "", 0 },
};
/* clang-format on */

/* ------------------------------------------------------------------- as text */

static void say(char *text, size_t size, const struct addr_range *ranges, unsigned n)
{
	size_t len = 0;

	*text = '\0';
	for (unsigned i = 0; i < n; i++) {
		const char *blank = i > 0 ? " " : "";

		if (ranges[i].start == VM_ALL_PAGES.start && ranges[i].end == VM_ALL_PAGES.end)
			len += (size_t)snprintf(text + len, size - len, "%s" ALL, blank);
		else if (ranges[i].end == VM_ALL_PAGES.end)
			len += (size_t)snprintf(text + len, size - len, "%s%llx-end", blank,
						(unsigned long long)ranges[i].start);
		else if (ranges[i].start < ranges[i].end)
			len += (size_t)snprintf(text + len, size - len, "%s%llx-%llx", blank,
						(unsigned long long)ranges[i].start,
						(unsigned long long)ranges[i].end);
	}
}

static void assert_ranges(const struct addr_range *ranges, unsigned n, const char *expected,
			  const char *name, const char *what)
{
	char text[80];

	say(text, sizeof(text), ranges, n);
	cr_expect_str_eq(text, expected, "%s, %s: '%s', not '%s'", name, what, text, expected);
}

static struct vm_space space;

static uint32_t segment(uint64_t ino, const char *name, uint64_t size)
{
	const struct vm_object object = {
		.dev = 1, .ino = ino, .name = name, .name_len = (uint16_t)strlen(name), .size = size
	};

	return vm_objects_intern(&space.objects, &object);
}

static void begin(void)
{
	struct memory_area areas[16];
	size_t n = areas_parse(map, areas, 16);

	cr_assert_eq(vm_space_init(&space, &ml_allocator_malloc, NULL, NULL), 0);
	cr_assert_eq(segment(1, "/SYSV00000000", 0x3000), 1);
	cr_assert_eq(segment(2, "/[aio]", 0x2000), 2);
	cr_assert_eq(vm_space_reserve(&space, 64), 0);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(memory_set_replace(space.set, areas[i].range, &areas[i], 1), 0);
	space.start_brk = 0x10000;
	space.brk = 0x12000;
}

static void end(void)
{
	vm_space_finish(&space);
}

TestSuite(reach, .init = begin, .fini = end);

Test(reach, of_each_kind_of_call)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct reach_case *row = &cases[i];
		struct vm_call call = { .op = (uint8_t)row->op, .result = row->result };
		struct addr_range ranges[2] = { { 0, 0 }, { 0, 0 } };
		struct touch touch;

		memcpy(call.args, row->args, sizeof(row->args));
		assert_ranges(ranges, vm_call_ranges(&space, &call, false, ranges), row->under_way,
			      row->name, "reach under way");
		assert_ranges(ranges, vm_call_ranges(&space, &call, true, ranges), row->done,
			      row->name, "reach when done");
		assert_ranges(ranges, vm_ranges_to_know(&call, ranges), row->to_know, row->name,
			      "to know beforehand");
		touch = touch_of_call(&space, &call, false);
		assert_ranges(touch.range, touch.n, row->touch_under_way, row->name,
			      "touch under way");
		touch = touch_of_call(&space, &call, true);
		assert_ranges(touch.range, touch.n, row->touch_done, row->name, "touch when done");
		cr_expect_eq(touch_unplaced_size(&call), row->unplaced, "%s: unplaced", row->name);
	}
}

Test(reach, touches_overlap_and_have_a_size)
{
	const struct vm_call call = {
		.op = VM_OP_MREMAP,
		.args = { 0x20000, 4096, 8192, MREMAP_MAYMOVE },
		.result = 0x50000,
	};
	struct touch touch = touch_of_call(&space, &call, true);

	cr_expect_eq(touch_bytes(&touch), 0x3000);
	cr_expect(touch_overlaps(&touch, (struct addr_range){ 0x51000, 0x60000 }));
	cr_expect(touch_overlaps(&touch, (struct addr_range){ 0x1f000, 0x20001 }));
	cr_expect_not(touch_overlaps(&touch, (struct addr_range){ 0x21000, 0x50000 }));
}

Test(reach, a_break_is_refused_without_an_error)
{
	struct vm_call call = { .op = VM_OP_BRK, .args = { 0x14000 }, .result = 0x12000 };

	cr_expect(call_was_refused(&call));
	call.result = 0x14000;
	cr_expect_not(call_was_refused(&call));
	call = (struct vm_call){ .op = VM_OP_BRK, .args = { 0 }, .result = 0x12000 };
	cr_expect_not(call_was_refused(&call), "it was only asked");
	call = (struct vm_call){ .op = VM_OP_MUNMAP, .result = -EINVAL };
	cr_expect(call_was_refused(&call));
}
