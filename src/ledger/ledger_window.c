/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The part of the file that the writer has mapped: moved forwards, and filled with pages
 * before they are stored to
 */

#include <errno.h>
#include <sys/mman.h>
#include "base/clock.h"
#include "base/sys.h"
#include "ledger/ledger_window.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define FILE_PAGE 4096u /* remap_file_pages counts in these */

/*
 * DONTDUMP: a program's core dump must not grow. RANDOM: without it the first
 * fault in a hole reads ahead, and some file systems fill megabytes of page
 * cache with zeros for that (8 MiB and 3 ms on ext4 with Debian's defaults).
 */
void ledger_window_advise(uint64_t addr, uint64_t size)
{
	sys_madvise(addr, size, MADV_DONTDUMP);
	sys_madvise(addr, size, MADV_RANDOM);
}

int ledger_window_populate(uint64_t addr, uint64_t size)
{
	return (int)sys_madvise(addr, size, MADV_POPULATE_WRITE);
}

void ledger_window_stamp(struct ledger_writer *writer)
{
	struct clock_pair now;

	if (writer->confined)
		return;
	now = clock_pair_now();
	writer->header->last_monotonic_ns = now.monotonic_ns;
	writer->header->last_ticks = now.ticks;
}

/*
 * Since Linux 4.0 this is a new mmap() of the same file over the old place.
 * Without MAP_NONBLOCK it would fault in the whole window at once.
 */
static bool remap_window(struct ledger_writer *writer, uint64_t offset)
{
	uint64_t addr = (uintptr_t)writer->window;

	if (sys_is_error(sys_call6(SYS_remap_file_pages, (long)addr, LEDGER_WINDOW_SIZE, 0,
				   (long)(offset / FILE_PAGE), MAP_NONBLOCK, 0)))
		return false;
	ledger_window_advise(addr, LEDGER_WINDOW_SIZE);
	writer->moved = true;
	return true;
}

static bool move_window(struct ledger_writer *writer, uint64_t offset)
{
	if (ledger_window_is_all(writer))
		writer->window = (struct ledger_any *)((char *)writer->header + offset);
	else if (!remap_window(writer, offset))
		return false;
	writer->window_offset = offset;
	ledger_window_stamp(writer);
	return true;
}

static uint64_t window_at(uint64_t offset)
{
	offset -= LEDGER_HEADER_SIZE;
	return LEDGER_HEADER_SIZE + offset / LEDGER_WINDOW_SIZE * LEDGER_WINDOW_SIZE;
}

/* The pieces after the first one end on multiples of LEDGER_POPULATE_SIZE. */
static uint64_t piece_end(uint64_t offset)
{
	offset -= LEDGER_HEADER_SIZE;
	offset += LEDGER_POPULATE_SIZE - offset % LEDGER_POPULATE_SIZE;
	return LEDGER_HEADER_SIZE + offset;
}

/* Return: the end of what could be populated at @offset, which lies in the window. */
static uint64_t populate_piece(const struct ledger_writer *writer, uint64_t offset)
{
	uint64_t addr = (uintptr_t)writer->window + (offset - writer->window_offset);
	uint64_t end = piece_end(offset);

	if (writer->allocated || ledger_window_populate(addr, end - offset) == 0)
		return end;
	/* The last free pages of a disk are worth having. */
	return ledger_window_populate(addr, FILE_PAGE) == 0 ? offset + FILE_PAGE : offset;
}

enum ledger_end ledger_window_make_ready(struct ledger_writer *writer, uint64_t until)
{
	uint64_t at = writer->next - writer->next % FILE_PAGE;
	uint64_t end;

	if (writer->confined)
		return LEDGER_END_CONFINED;
	if (window_at(at) != writer->window_offset && !move_window(writer, window_at(at)))
		return LEDGER_END_WINDOW;
	if (at < writer->ready)
		at = writer->ready;
	if (until > writer->window_offset + LEDGER_WINDOW_SIZE)
		until = writer->window_offset + LEDGER_WINDOW_SIZE;
	for (; at < until; at = end) {
		end = populate_piece(writer, at);
		if (end == at)
			return LEDGER_END_DISK_FULL;
		writer->ready = end;
	}
	return LEDGER_END_OPEN;
}
