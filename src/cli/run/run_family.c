/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/options/open_ledger.h"
#include "cli/run/run_family.h"
#include "cli/text/fault_text.h"
#include "query/compare.h"
#include "query/find_ledger.h"
#include "query/heap.h"
#include "query/ledger_view.h"

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
	if (ftruncate(fd, (off_t)(LEDGER_HEADER_SIZE + header->n_segments * header->segment_size)) <
	    0)
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

/* As `mapledger help run' describes it. */
static bool only_started_up(const struct ledger_view *view, const struct findings *findings)
{
	const struct replay_counts *counts = &view->replay.counts;
	enum view_state state = view_state(view);

	if (view->damage != NULL || findings_differ(findings) || view->first_event > 1 ||
	    view->header->n_unrecorded > 0)
		return false;
	if (counts->n_calls == 0 && view->header->link == LEDGER_LINK_FORK)
		return true;
	return (state == VIEW_EXITED || state == VIEW_EXECED) &&
	       counts->n_calls <= START_UP_CALLS &&
	       counts->by_tier[VM_TIER_SITE] == counts->n_calls;
}

enum verdict {
	WORTH_KEEPING,
	START_UP_ONLY,
	STILL_RUNNING,
};

struct member {
	const char *path;
	uint32_t pid;
	uint64_t start_ns;
	enum verdict verdict;
	bool different;
};

static void judge(struct member *member)
{
	struct findings findings = { 0 };
	struct ledger_view view;

	if (ledger_is_mapped_by(member->path, (pid_t)member->pid)) {
		member->verdict = STILL_RUNNING;
		return;
	}
	ledger_trim(member->path);
	if (!open_view(&view, member->path, member->path))
		return;
	compare_recorded(&view, &findings);
	member->different = findings_differ(&findings);
	if (only_started_up(&view, &findings))
		member->verdict = START_UP_ONLY;
	findings_free(&findings);
	view_close(&view);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a;
	const struct member *right = b;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	if (left->start_ns != right->start_ns)
		return left->start_ns < right->start_ns ? -1 : 1;
	return 0;
}

/* All ledgers of one process. */
static void count_process(struct family *family, const struct member *members, size_t n)
{
	bool start_up = true;
	bool running = false;

	for (size_t i = 0; i < n; i++) {
		start_up &= members[i].verdict == START_UP_ONLY;
		running |= members[i].verdict == STILL_RUNNING;
	}
	family->n_followed++;
	family->n_start_up += start_up;
	family->n_running += running;
}

static void count_members(struct family *family, const struct member *members, size_t n, pid_t root)
{
	size_t next;

	for (size_t i = 0; i < n; i = next) {
		for (next = i; next < n && members[next].pid == members[i].pid; next++)
			family->n_different += members[next].different;
		if ((pid_t)members[i].pid != root) {
			count_process(family, members + i, next - i);
			continue;
		}
		family->has_last = true;
		snprintf(family->last, sizeof(family->last), "%s", members[next - 1].path);
	}
}

/* Judged first, removed later: a ledger's successor tells how it ended. */
static void remove_members(const struct family *family, const struct member *members, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (members[i].verdict == START_UP_ONLY &&
		    !(family->has_last && strcmp(members[i].path, family->last) == 0))
			unlink(members[i].path);
}

void family_tidy(const char *path, pid_t root, bool keep_all, struct family *family)
{
	struct ledger_list list;
	struct member *members;
	struct ledger_header header;
	char folder[PATH_MAX];
	size_t n = 0;

	*family = (struct family){ 0 };
	ledger_children_folder(path, folder);
	list = ledger_list_folder(folder);
	members = calloc(list.n + 1, sizeof(*members));
	for (size_t i = 0; members != NULL && i < list.n; i++) {
		if (!ledger_header_read(list.paths[i], &header))
			continue;
		members[n] = (struct member){ .path = list.paths[i],
					      .pid = header.pid,
					      .start_ns = header.start_monotonic_ns };
		judge(&members[n++]);
	}
	if (n > 0) {
		qsort(members, n, sizeof(*members), compare_members);
		count_members(family, members, n, root);
		if (!keep_all)
			remove_members(family, members, n);
	}
	free(members);
	ledger_list_free(&list);
	rmdir(folder); /* if it is empty now */
}

/* -------------------------------------------------------------------- crashes */

bool family_find_crash(const char *path, pid_t root, struct family_crash *crash)
{
	struct ledger_header header;
	struct ledger_list list;
	char folder[PATH_MAX];
	uint64_t latest = 0;

	*crash = (struct family_crash){ 0 };
	ledger_children_folder(path, folder);
	list = ledger_list_folder(folder);
	for (size_t i = 0; i < list.n; i++) {
		if (!ledger_header_read(list.paths[i], &header) || (pid_t)header.pid == root ||
		    !fault_is_met(&header.fault))
			continue;
		crash->n++;
		if (header.fault.ticks < latest)
			continue;
		latest = header.fault.ticks;
		crash->pid = header.pid;
		crash->signal = header.fault.signal;
		snprintf(crash->path, sizeof(crash->path), "%s", list.paths[i]);
	}
	ledger_list_free(&list);
	return crash->n > 0;
}
