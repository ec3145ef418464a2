/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include "base/sys.h"
#include "map/kernel_reader.h"
#include "shim/shim.h"
#include "vma/procmap_query.h"

/* This kernel has no PROCMAP_QUERY: its text is read. */
static bool asks_text;

/* Both guarded by the recorder's lock. */
static char line_buffer[16 << 10];
static char name_buffer[4096 + 64];

/*
 * thread-self, because /proc/self is empty once the leader thread has exited;
 * opened each time, because a program may close every descriptor it did not
 * open, and would be right to. An emulator stands in for /proc/self/maps alone.
 */
static int open_maps(void)
{
	long fd = -ENOENT;

	if (!shim.emulated)
		fd = sys_openat(AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);
	if (fd == -ENOENT)
		fd = sys_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	return (int)fd;
}

static void begin_text(struct kernel_reader *reader)
{
	reader->by_text = true;
	kernel_map_text_init(&reader->text, reader->fd, line_buffer, sizeof(line_buffer));
}

static bool open_reader(struct kernel_reader *reader, uint64_t start, bool by_text)
{
	*reader = (struct kernel_reader){ .fd = open_maps(), .at = start };
	if (reader->fd >= 0 && by_text)
		begin_text(reader);
	return reader->fd >= 0;
}

bool kernel_reader_open(struct kernel_reader *reader, uint64_t start)
{
	return open_reader(reader, start, asks_text);
}

bool kernel_reader_open_text(struct kernel_reader *reader)
{
	return open_reader(reader, 0, true);
}

static void count_bad_lines(uint32_t n)
{
	if (n == 0)
		return;
	shim.n_bad_lines += n;
	if (shim.writer.header != NULL)
		shim.writer.header->n_bad_lines = shim.n_bad_lines;
}

void kernel_reader_close(struct kernel_reader *reader)
{
	if (reader->fd >= 0)
		sys_close(reader->fd);
	count_bad_lines(reader->text.n_bad_lines);
	reader->fd = -1;
}

static bool next_by_query(struct kernel_reader *reader, struct kernel_area *area)
{
	int error = kernel_map_query(reader->fd, reader->at, area, name_buffer, sizeof(name_buffer),
				     reader->build_id, &reader->build_id_len, &reader->page_size);

	/* An area that holds @at is never cut to nothing. */
	if (error == 0 && kernel_area_cut(area, reader->end))
		reader->at = reader->end = area->range.end;
	/* Whatever an old kernel, a sandbox or an emulator says: only ENOENT is the map's end. */
	else if (error != 0 && error != -ENOENT)
		asks_text = true;
	return error == 0;
}

bool kernel_reader_next(struct kernel_reader *reader, struct kernel_area *area)
{
	if (!reader->by_text) {
		if (next_by_query(reader, area))
			return true;
		if (!asks_text)
			return false;
		begin_text(reader);
	}
	while (kernel_map_text_next(&reader->text, area))
		if (area->range.end > reader->at)
			return true;
	return false;
}
