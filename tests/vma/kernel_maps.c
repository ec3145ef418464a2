/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests lines of /proc/PID/maps: read, printed again, and compared with the ioctl
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "resync.h"
#include "vma/kernel_map.h"
#include "vma/procmap_query.h"
#include "vma/vm_flags.h"

static bool parse(const char *line, struct kernel_area *area)
{
	return kernel_area_parse(line, line + strlen(line), area);
}

Test(kernel_maps, a_line_has_all_its_fields)
{
	struct kernel_area area;

	cr_assert(parse("7f0000001000-7f0000003000 r-xs 00002000 fe:1f 247134    /usr/bin/a b ",
			&area));
	cr_assert_eq(area.range.start, 0x7f0000001000);
	cr_assert_eq(area.range.end, 0x7f0000003000);
	cr_assert_eq(area.flags, VM_READ | VM_EXEC | VM_SHARED);
	cr_assert_eq(area.offset, 0x2000);
	cr_assert_eq(area.dev, vm_dev(0xfe, 0x1f));
	cr_assert_eq(area.ino, 247134);
	cr_assert_eq(area.name_len, strlen("/usr/bin/a b "));
	cr_assert_eq(memcmp(area.name, "/usr/bin/a b ", area.name_len), 0);
}

static const char bad_lines[][120] = {
	"",
	"7f0000001000",
	"7f0000001000-7f0000003000",
	"7f0000001000-7f0000003000 r-xp",
	"7f0000001000-7f0000003000 r-xq 00000000 00:00 0 ",
	"7f0000001000-7f0000003000 rwx 00000000 00:00 0 ",
	"7f0000001000-7f0000003000 r-xp 00000000 00 0 ",
	"7f0000001000-7f0000003000 r-xp 00000000 00:00 0", /* the blank is always there */
	"7f0000001000-7f0000003000 r-xp 00000000 00:00 x ",
	"7f0000003000-7f0000001000 r-xp 00000000 00:00 0 ",
	"7f0000001000-7f0000001000 r-xp 00000000 00:00 0 ",
	"7f0000001001-7f0000003000 r-xp 00000000 00:00 0 ",
	"17f0000001000000-7f0000003000 r-xp 00000000 00:00 0 ",
	"10000000000001000-7f0000003000 r-xp 00000000 00:00 0 ",
	"1000-2000 r-xp 00000000 100000000:00 0 ",
};

Test(kernel_maps, anything_else_is_no_line)
{
	struct kernel_area area;

	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++)
		cr_assert(!parse(bad_lines[i], &area), "%s", bad_lines[i]);
}

/* Cut anywhere, a line is refused or read, but never read beyond. */
Test(kernel_maps, a_cut_line_is_not_read_beyond)
{
	const char line[] = "7f0000001000-7f0000003000 r-xs 00002000 fe:1f 247134 /usr/bin/a";
	struct kernel_area area;

	for (size_t len = 0; len < sizeof(line); len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, line, len);
		kernel_area_parse(copy, copy + len, &area);
		free(copy);
	}
}

static const char format_lines[][160] = {
	"00400000-00401000 r-xp 00000000 fe:00 247134                             /bin/a",
	"7f0000001000-7f0000003000 rw-p 00000000 00:00 0 ",
	"7f0000001000-7f0000003000 ---s 123456789000 103:0a 18446744073709551615  /b",
	"7f0000001000-7f0000003000 rw-p 00000000 00:00 0                          [anon: a b]",
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
	"00001000-00002000 rw-p fffffffffffff000 1000ff:fffff 18446744073709551615  /c\\012d",
};

static void assert_round_trip(const char *line)
{
	struct kernel_area area;
	char buffer[8192];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "> "); /* columns are the line's own */
	cr_assert(parse(line, &area), "%s", line);
	kernel_area_format(&text, &area);
	cr_assert_eq(strncmp(buffer + 2, line, strlen(line)), 0, "\n%s\n%s", buffer + 2, line);
	cr_assert_str_eq(buffer + 2 + strlen(line), "\n");
}

Test(kernel_maps, lines_are_printed_as_the_kernel_does)
{
	for (size_t i = 0; i < sizeof(format_lines) / sizeof(format_lines[0]); i++)
		assert_round_trip(format_lines[i]);
}

Test(kernel_maps, a_newline_in_a_name_is_escaped)
{
	const struct kernel_area area = {
		.range = { 0x1000, 0x2000 }, .ino = 5, .name = "/a\nb\\", .name_len = 5
	};
	char buffer[128], want[128];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	kernel_area_format(&text, &area);
	snprintf(want, sizeof(want), "%-73s%s\n", "00001000-00002000 ---p 00000000 00:00 5",
		 "/a\\012b\\");
	cr_assert_str_eq(buffer, want);
}

/*
 * The kernel ends a line without a name with one blank; qemu-user, which writes
 * the text itself, fills it up.
 */
static bool is_filled_up(const char *line)
{
	size_t len = strlen(line);

	return len >= 2 && strcmp(line + len - 2, "  ") == 0;
}

Test(kernel_maps, the_kernels_own_lines_survive)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[8192];

	while (fgets(line, sizeof(line), maps) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (is_filled_up(line))
			cr_skip_test("the text of the map is not the kernel's here");
		assert_round_trip(line);
	}
	fclose(maps);
}

/* ------------------------------------------------------------------- reading text */

static int file_of(const char *text, size_t len)
{
	int fd = memfd_create("lines", 0);

	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static unsigned count_lines(const char *text, size_t len, size_t buffer_size, unsigned *n_bad)
{
	char *buffer = malloc(buffer_size);
	struct kernel_map_text map;
	struct kernel_area area;
	int fd = file_of(text, len);
	unsigned n = 0;

	kernel_map_text_init(&map, fd, buffer, buffer_size);
	while (kernel_map_text_next(&map, &area)) {
		cr_assert_eq(area.range.start, 0x1000 * (n + 1));
		n++;
	}
	*n_bad = map.n_bad_lines;
	cr_assert_eq(map.error, 0);
	close(fd);
	free(buffer);
	return n;
}

Test(kernel_maps, text_is_read_in_any_pieces)
{
	const char lines[] = "1000-2000 rw-p 00000000 00:00 0 \n"
			     "2000-3000 rw-p 00000000 00:00 0                          [heap]\n"
			     "3000-4000 rw-p 00000000 00:00 0 \n";

	for (size_t size = 72; size < 200; size++) {
		unsigned n_bad;

		cr_assert_eq(count_lines(lines, sizeof(lines) - 1, size, &n_bad), 3, "%zu", size);
		cr_assert_eq(n_bad, 0);
		/* the last line has no newline, or is cut */
		cr_assert_eq(count_lines(lines, sizeof(lines) - 2, size, &n_bad), 3);
		cr_assert_eq(count_lines(lines, sizeof(lines) - 9, size, &n_bad), 2);
		cr_assert_eq(n_bad, 1);
	}
}

Test(kernel_maps, a_line_longer_than_the_buffer_is_skipped)
{
	char lines[1024] = "1000-2000 rw-p 00000000 00:00 0 \n5000-6000 rw-p 00000000 00:00 0 ";
	unsigned n_bad;
	size_t len = strlen(lines);

	memset(lines + len, 'x', 700);
	strcpy(lines + len + 700, "\n2000-3000 rw-p 00000000 00:00 0 \n");
	cr_assert_eq(count_lines(lines, strlen(lines), 100, &n_bad), 2);
	cr_assert_eq(n_bad, 1);
	/* and when it is the last */
	lines[len + 700] = '\0';
	cr_assert_eq(count_lines(lines, strlen(lines), 100, &n_bad), 1);
	cr_assert_eq(n_bad, 1);
}

/* Between two reads the second area was unmapped in part, and merged with the third. */
Test(kernel_maps, what_was_read_once_is_not_read_again)
{
	const char lines[] = "1000-2000 rw-p 00000000 00:00 0 \n"
			     "2000-3000 r--p 00002000 08:01 7                          /a\n"
			     "1000-3000 rw-p 00000000 00:00 0 \n"
			     "2000-5000 r--p 00002000 08:01 7                          /a\n";
	char buffer[128];
	struct kernel_map_text map;
	struct kernel_area area;
	int fd = file_of(lines, sizeof(lines) - 1);

	kernel_map_text_init(&map, fd, buffer, sizeof(buffer));
	cr_assert(kernel_map_text_next(&map, &area));
	cr_assert(kernel_map_text_next(&map, &area));
	cr_assert(kernel_map_text_next(&map, &area));
	cr_assert_eq(area.range.start, 0x3000);
	cr_assert_eq(area.range.end, 0x5000);
	cr_assert_eq(area.offset, 0x3000, "of the byte where it starts now");
	cr_assert(!kernel_map_text_next(&map, &area));
	cr_assert_eq(map.n_bad_lines, 0);
	close(fd);
}

/*
 * Damage: bytes that are another value, cut out, or doubled. Whatever comes, areas are
 * valid and in order, and nothing is read that is not there (the sanitizers watch that).
 */

static uint64_t rng;

static uint32_t below(uint32_t n)
{
	rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(rng >> 33) % n;
}

static size_t damage(char *text, size_t len, size_t size)
{
	size_t at = below((uint32_t)len), n = 1 + below(40);

	if (n > len - at)
		n = len - at;
	switch (below(4)) {
	case 0:
		text[at] = (char)below(256);
		return len;
	case 1: /* one that lines are made of */
		text[at] = "0123456789abcdef-:/ \nrwxps["[below(26)];
		return len;
	case 2:
		memmove(text + at, text + at + n, len - at - n);
		return len - n;
	default:
		if (len + n > size)
			return at + 1; /* cut off */
		memmove(text + at + n, text + at, len - at);
		return len + n;
	}
}

static void read_damaged(const char *text, size_t len, size_t buffer_size)
{
	char *buffer = malloc(buffer_size);
	struct kernel_map_text map;
	struct kernel_area area;
	struct memory_area found;
	struct vm_objects objects;
	uint64_t end = 0;
	int fd = file_of(text, len);

	vm_objects_init(&objects, &ml_allocator_malloc);
	kernel_map_text_init(&map, fd, buffer, buffer_size);
	while (kernel_map_text_next(&map, &area)) {
		cr_assert(area.range.start >= end && area.range.start < area.range.end);
		cr_assert_eq((area.range.start | area.range.end) % VM_PAGE_SIZE, 0);
		end = area.range.end;
		cr_assert_eq(kernel_area_to_memory_area(&area, &objects, &found), 0);
	}
	cr_assert_eq(map.error, 0);
	vm_objects_finish(&objects);
	close(fd);
	free(buffer);
}

Test(kernel_maps, damaged_text_does_no_harm, .timeout = 60)
{
	static char good[32 << 10], text[40 << 10];
	const char *given = getenv("ML_TEST_SEED");
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t good_len = 0;
	ssize_t n;

	while ((n = read(fd, good + good_len, sizeof(good) - good_len)) > 0)
		good_len += (size_t)n;
	close(fd);
	rng = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)getpid() * 2654435761u;
	fprintf(stderr, "# ML_TEST_SEED=%llu\n", (unsigned long long)rng);
	for (unsigned round = 0; round < 1000; round++) {
		size_t len = good_len;

		memcpy(text, good, good_len);
		for (unsigned i = 0, times = 1 + below(30); i < times && len > 0; i++)
			len = damage(text, len, sizeof(text));
		read_damaged(text, len, 80 + below(9000));
	}
	for (unsigned round = 0; round < 100; round++) { /* not even a text */
		for (size_t i = 0; i < 4096; i++)
			text[i] = (char)below(256);
		read_damaged(text, 4096, 80 + below(9000));
	}
}

Test(kernel_maps, a_failed_read_is_told)
{
	char buffer[128];
	struct kernel_map_text map;
	struct kernel_area area;

	kernel_map_text_init(&map, -1, buffer, sizeof(buffer));
	cr_assert(!kernel_map_text_next(&map, &area));
	cr_assert_eq(map.error, -EBADF);
}

/* ------------------------------------------------------------------------ meaning */

struct label_case {
	char name[24];
	bool is_label;
};

static const struct label_case labels[] = {
	{ "[heap]", true },  { "[stack]", true },    { "[stack:77]", true }, { "[anon:x]", true },
	{ "[vdso]", false }, { "/a/[heap]", false }, { "", false },	     { "[anon", false },
};

Test(kernel_maps, labels_are_no_objects)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		cr_assert_eq(kernel_name_is_label(labels[i].name, strlen(labels[i].name)),
			     labels[i].is_label, "%s", labels[i].name);
}

struct area_case {
	char line[128];
	uint64_t flags;
	uint64_t offset;
	char object[32];
};

static const struct area_case area_cases[] = {
	{ "1000-2000 rw-p 00000000 00:00 0 ", VM_READ | VM_WRITE, MEMORY_AREA_NO_OFFSET, "" },
	{ "1000-2000 rw-p 00000000 00:00 0   [heap]", VM_READ | VM_WRITE, MEMORY_AREA_NO_OFFSET,
	  "" },
	{ "1000-2000 rw-p 00000000 00:00 0   [stack]", VM_READ | VM_WRITE | VM_GROWSDOWN,
	  MEMORY_AREA_NO_OFFSET, "" },
	{ "1000-2000 r-xp 00000000 00:00 0   [vdso]", VM_READ | VM_EXEC, MEMORY_AREA_NO_OFFSET,
	  "[vdso]" },
	{ "1000-2000 --xp 00000000 00:00 0   [uprobes]", VM_EXEC | VM_UPROBES,
	  MEMORY_AREA_NO_OFFSET, "[uprobes]" },
	{ "1000-2000 r--s 00003000 00:01 5   /dev/zero (deleted)", VM_READ | VM_SHARED | VM_FILE,
	  0x3000, "/dev/zero (deleted)" },
	{ "1000-2000 rw-p 00003000 fe:00 9   [anon_shmem:x]", VM_READ | VM_WRITE | VM_FILE, 0x3000,
	  "[anon_shmem:x]" },
	{ "1000-2000 rw-p 00001000 00:0f 99   anon_inode:[perf_event]",
	  VM_READ | VM_WRITE | VM_FILE, 0x1000, "anon_inode:[perf_event]" },
};

Test(kernel_maps, areas_are_what_their_lines_mean)
{
	struct vm_objects objects;

	vm_objects_init(&objects, &ml_allocator_malloc);
	for (size_t i = 0; i < sizeof(area_cases) / sizeof(area_cases[0]); i++) {
		const struct area_case *row = &area_cases[i];
		const struct vm_object *object;
		struct memory_area area;
		struct kernel_area from;

		cr_assert(parse(row->line, &from));
		cr_assert_eq(kernel_area_to_memory_area(&from, &objects, &area), 0);
		cr_assert_eq(area.flags, row->flags, "%s: %lx", row->line, (long)area.flags);
		cr_assert_eq(area.offset, row->offset, "%s", row->line);
		object = vm_objects_get(&objects, (uint32_t)area.tag[VM_TAG_OBJECT]);
		cr_assert_str_eq(object == NULL ? "" : object->name, row->object);
	}
	vm_objects_finish(&objects);
}

/* ------------------------------------------------------------------ PROCMAP_QUERY */

static char names[2][4096 + 16];

static void assert_same_area(const struct kernel_area *text, const struct kernel_area *query)
{
	cr_assert_eq(text->range.start, query->range.start);
	cr_assert_eq(text->range.end, query->range.end);
	cr_assert_eq(text->flags, query->flags);
	cr_assert_eq(text->offset, query->offset);
	cr_assert_eq(text->dev, query->dev);
	cr_assert_eq(text->ino, query->ino);
	cr_assert_eq(text->name_len, query->name_len, "%.*s", (int)text->name_len, text->name);
	cr_assert_eq(memcmp(text->name, query->name, text->name_len), 0);
}

/* Reading must not change what is read: no stdio, nothing allocated. */
Test(kernel_maps, the_ioctl_says_what_the_text_says)
{
	static char buffer[16 << 10];
	struct kernel_map_text map;
	struct kernel_area text, query;
	int fd = open("/proc/self/maps", O_RDONLY);
	uint64_t at = 0;

	if (!kernel_has_query())
		cr_skip_test("no PROCMAP_QUERY here (Linux 6.11)");
	kernel_map_text_init(&map, fd, buffer, sizeof(buffer));
	while (kernel_map_text_next(&map, &text)) {
		int error = kernel_map_query(fd, at, &query, names[0], sizeof(names[0]), NULL, NULL,
					     NULL);

		if (error == -ENOENT) { /* [vsyscall] is in the text alone */
			cr_assert_eq(text.range.start, 0xffffffffff600000);
			break;
		}
		cr_assert_eq(error, 0);
		assert_same_area(&text, &query);
		at = query.range.end;
	}
	close(fd);
}

Test(kernel_maps, the_ioctl_knows_build_ids_and_page_sizes)
{
	uint8_t build_id[VM_BUILD_ID_MAX];
	uint8_t len = 0;
	uint64_t page_size = 0;
	struct kernel_area area;
	int fd = open("/proc/self/maps", O_RDONLY);

	if (!kernel_has_query())
		cr_skip_test("no PROCMAP_QUERY here (Linux 6.11)");
	cr_assert_eq(kernel_map_query(fd, (uintptr_t)strlen, &area, names[0], sizeof(names[0]),
				      build_id, &len, &page_size),
		     0);
	cr_assert_eq(page_size, 4096);
	cr_assert_eq(len, 20, "libc has a build-id");
	cr_assert_eq(kernel_map_query(fd, (uintptr_t)&fd, &area, names[0], sizeof(names[0]),
				      build_id, &len, NULL),
		     0);
	cr_assert_eq(len, 0, "a stack has none");
	close(fd);
}

Test(kernel_maps, a_name_too_long_for_the_ioctl_is_left_out)
{
	struct kernel_area area;
	int fd = open("/proc/self/maps", O_RDONLY);

	if (!kernel_has_query())
		cr_skip_test("no PROCMAP_QUERY here (Linux 6.11)");
	cr_assert_eq(kernel_map_query(fd, (uintptr_t)strlen, &area, names[0], 4, NULL, NULL, NULL),
		     0);
	cr_assert_eq(area.name_len, 0);
	cr_assert_neq(area.ino, 0);
	close(fd);
}

/* The name of a file may hold a newline, and even look like a line of the map. */
Test(kernel_maps, odd_names_are_escaped_in_the_text_alone)
{
	char path[] = "/tmp/vma_test_XXXXXX/a\n1000-2000 rw-p 0 00:00 0 \\b";
	struct readback text, *query = malloc(sizeof(*query));
	struct vm_space space;
	void *at;
	int fd;

	path[20] = '\0';
	cr_assert_not_null(mkdtemp(path));
	path[20] = '/';
	fd = open(path, O_RDWR | O_CREAT, 0600);
	cr_assert_eq(ftruncate(fd, 4096), 0);
	at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	unlink(path);
	path[20] = '\0';
	rmdir(path);
	cr_assert_eq(vm_space_init(&space, &ml_allocator_malloc, NULL, NULL), 0);
	readback_get(&text, &space, (struct addr_range){ (uintptr_t)at, (uintptr_t)at + 4096 },
		     VM_REASON_NONE, KERNEL_TEXT);
	cr_assert_eq(text.n_areas, 1);
	cr_assert_not_null(strstr(vm_objects_get(&space.objects, 1)->name, "/a\\0121000-2000 rw"));
	if (kernel_has_query()) {
		readback_get(query, &space, text.range, VM_REASON_NONE, KERNEL_QUERY);
		cr_assert_eq(query->n_areas, 1);
		cr_assert_eq(query->areas[0].tag[VM_TAG_OBJECT], 1, "the same file");
	}
	vm_space_finish(&space);
	free(query);
	munmap(at, 4096);
	close(fd);
}
