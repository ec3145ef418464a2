/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/compare.h"
#include "cli/find_ledger.h"
#include "cli/ledger_view.h"
#include "cli/run_family.h"

#define START_UP_CALLS 100

/* ------------------------------------------------------------------- trimming */

/*
 * A read lease is refused while the file is open for writing anywhere, and a
 * shared writable mapping counts as that: the process may be gone by name and
 * still live on in a child that shares its memory.
 */
static bool is_being_written(const char *path, const struct ledger_header *header)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool busy;

	if (fd < 0)
		return true;
	busy = fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN;
	close(fd);
	return busy || ledger_is_mapped_by(path, (pid_t)header->pid);
}

static bool has_contents(int fd, uint64_t offset, char *buffer, size_t size)
{
	ssize_t n = pread(fd, buffer, size, (off_t)offset);

	if (n < 0)
		return true;
	for (ssize_t i = 0; i < n; i++)
		if (buffer[i] != 0)
			return true;
	return false;
}

static uint32_t count_used_segments(int fd, const struct ledger_header *header)
{
	char record[LEDGER_RECORD_SIZE];
	uint32_t n = header->n_segments;

	while (n > 1 && !has_contents(fd, LEDGER_HEADER_SIZE + (n - 1) * header->segment_size,
				      record, sizeof(record)))
		n--;
	return n;
}

/* Records stand one behind the other: the first empty window is behind the last. */
static uint64_t used_size(int fd, const struct ledger_header *header)
{
	uint64_t size = LEDGER_WINDOW_SIZE;
	char *buffer = malloc(LEDGER_WINDOW_SIZE);

	while (buffer != NULL && size < header->segment_size &&
	       has_contents(fd, LEDGER_HEADER_SIZE + size, buffer, LEDGER_WINDOW_SIZE))
		size += LEDGER_WINDOW_SIZE;
	if (buffer == NULL)
		size = header->segment_size;
	free(buffer);
	return size;
}

static bool is_sane(const struct ledger_header *header, uint64_t size)
{
	return header->n_segments > 0 && header->n_segments <= LEDGER_SEGMENTS_MAX &&
	       header->segment_size > 0 && header->segment_size % LEDGER_WINDOW_SIZE == 0 &&
	       header->segment_size <= size && header->header_size == LEDGER_HEADER_SIZE;
}

static void trim(int fd, struct ledger_header *header)
{
	size_t from = offsetof(struct ledger_header, n_segments);
	size_t to = offsetof(struct ledger_header, segment_size) + sizeof(header->segment_size);

	header->n_segments = count_used_segments(fd, header);
	if (header->n_segments == 1)
		header->segment_size = used_size(fd, header);
	if (pwrite(fd, (char *)header + from, to - from, (off_t)from) != (ssize_t)(to - from))
		return;
	if (ftruncate(fd, (off_t)(LEDGER_HEADER_SIZE +
				  header->n_segments * header->segment_size)) < 0)
		return; /* larger than needed is no harm */
}

void ledger_trim(const char *path)
{
	struct ledger_header header;
	struct stat st;
	int fd;

	if (!ledger_header_read(path, &header) || is_being_written(path, &header))
		return;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && is_sane(&header, (uint64_t)st.st_size))
		trim(fd, &header);
	close(fd);
}

/* ------------------------------------------------------------------- judging */

static bool is_different(const struct findings *findings)
{
	return vm_comparison_unexplained(&findings->comparison) != 0;
}

/* As `mapledger help run' describes it. */
static bool only_started_up(const struct ledger_view *view, const struct findings *findings)
{
	const struct replay_counts *counts = &view->replay.counts;
	enum view_state state = view_state(view);

	if (view->damage != NULL || is_different(findings) || view->first_event > 1 ||
	    view->header->n_unrecorded > 0)
		return false;
	if (counts->n_calls == 0 && view->header->link == LEDGER_LINK_FORK)
		return true;
	return (state == VIEW_EXITED || state == VIEW_EXECED) &&
	       counts->n_calls <= START_UP_CALLS &&
	       counts->by_tier[VM_TIER_SITE] == counts->n_calls;
}

/* Of several ledgers of the first process the last counts: it was made last. */
static void remember_executed(const struct ledger_view *view, struct family *family,
			      uint64_t *newest)
{
	struct text text;

	if (view->header->start_monotonic_ns < *newest)
		return;
	*newest = view->header->start_monotonic_ns;
	text_init(&text, family->executed, sizeof(family->executed));
	view_program(view, &text);
}

static void judge(const char *path, pid_t root, bool keep_all, struct family *family,
		  uint64_t *newest)
{
	struct ledger_header header;
	struct findings findings = { 0 };
	struct ledger_view view;
	bool start_up;

	if (!ledger_header_read(path, &header))
		return;
	if (ledger_is_mapped_by(path, (pid_t)header.pid)) {
		family->n_followed += (pid_t)header.pid != root;
		family->n_running++;
		return;
	}
	ledger_trim(path);
	if (!view_open(&view, path, path))
		return;
	if (compare_recorded(&view, &findings)) {
		family->n_different += is_different(&findings);
		start_up = (pid_t)header.pid != root && only_started_up(&view, &findings);
		family->n_start_up += start_up;
		family->n_followed += (pid_t)header.pid != root;
		if ((pid_t)header.pid == root)
			remember_executed(&view, family, newest);
		if (start_up && !keep_all)
			unlink(path);
	}
	findings_free(&findings);
	view_close(&view);
}

void family_tidy(const char *path, pid_t root, bool keep_all, struct family *family)
{
	struct ledger_list children;
	char folder[PATH_MAX];
	uint64_t newest = 0;

	*family = (struct family){ 0 };
	ledger_children_folder(path, folder);
	children = ledger_list_folder(folder);
	for (size_t i = 0; i < children.n; i++)
		judge(children.paths[i], root, keep_all, family, &newest);
	ledger_list_free(&children);
	rmdir(folder); /* if it is empty now */
}
