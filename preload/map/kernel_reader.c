/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "map/kernel_reader.h"
#include "shim/shim.h"
#include "vma/procmap_query.h"

/* Both guarded by the recorder's lock. */
static char line_buffer[16 << 10];
static char name_buffer[4096 + 64];

static void begin_text(struct kernel_reader *reader)
{
	kernel_map_text_init(&reader->text, reader->fd, line_buffer, sizeof(line_buffer));
}

bool kernel_reader_open(struct kernel_reader *reader, uint64_t start)
{
	*reader = (struct kernel_reader){ .fd = resync_open_maps(), .at = start };
	if (reader->fd >= 0 && shim.asks_text)
		begin_text(reader);
	return reader->fd >= 0;
}

void kernel_reader_close(struct kernel_reader *reader)
{
	if (reader->fd >= 0)
		resync_close_maps();
	resync_count_bad_lines(reader->text.n_bad_lines);
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
		shim.asks_text = true;
	return error == 0;
}

bool kernel_reader_next(struct kernel_reader *reader, struct kernel_area *area)
{
	if (!shim.asks_text) {
		if (next_by_query(reader, area))
			return true;
		if (!shim.asks_text)
			return false;
		begin_text(reader);
	}
	while (kernel_map_text_next(&reader->text, area))
		if (area->range.end > reader->at)
			return true;
	return false;
}
