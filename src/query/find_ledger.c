/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "query/find_ledger.h"
#include "query/heap.h"
#include "vma/kernel_map.h"
#include "vma/vm_flags.h"

static bool has_suffix(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".mlg") == 0;
}

/* Never waits: a name may belong to a FIFO. */
static int open_regular(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

bool ledger_header_read(const char *path, struct ledger_header *header)
{
	int fd = open_regular(path);
	ssize_t n;

	if (fd < 0)
		return false;
	n = pread(fd, header, sizeof(*header), 0);
	close(fd);
	return n == (ssize_t)sizeof(*header) && memcmp(header->magic, LEDGER_MAGIC, 8) == 0 &&
	       header->byte_order == LEDGER_BYTE_ORDER &&
	       header->version_major == LEDGER_VERSION_MAJOR;
}

/* ------------------------------------------------------- of a running process */

/* Calls @look for each area of a process until it returns true. */
typedef bool (*look_fn)(void *context, const struct kernel_area *area);

static bool look_at_areas(pid_t pid, look_fn look, void *context)
{
	struct kernel_map_text text;
	struct kernel_area area;
	char buffer[16 << 10];
	char path[64];
	bool done = false;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	kernel_map_text_init(&text, fd, buffer, sizeof(buffer));
	while (!done && kernel_map_text_next(&text, &area))
		done = look(context, &area);
	close(fd);
	return done;
}

static bool same_inode(void *context, const struct kernel_area *area)
{
	const struct stat *st = context;

	/* Devices differ between stat and maps on some file systems. */
	return (area->flags & VM_SHARED) && area->ino == st->st_ino;
}

bool ledger_is_mapped_by(const char *path, pid_t pid)
{
	struct stat st;

	return stat(path, &st) == 0 && look_at_areas(pid, same_inode, &st);
}

struct process_search {
	pid_t pid;
	struct found_ledger *found;
	bool has_one;
};

/* Read the header of the ledger file that an area maps, by the first of three paths that works. */
static bool read_mapped_header(const struct process_search *search, const struct kernel_area *area,
			       struct ledger_header *header)
{
	struct found_ledger *found = search->found;
	int len = (int)area->name_len;

	for (int way = 0; way < 3; way++) {
		char path[PATH_MAX];
		struct stat st;

		if (way == 0)
			snprintf(path, sizeof(path), "%.*s", len, area->name);
		else if (way == 1)
			snprintf(path, sizeof(path), "/proc/%d/root%.*s", (int)search->pid, len,
				 area->name);
		else
			snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
				 (int)search->pid, area->range.start, area->range.end);
		if (stat(path, &st) < 0 || st.st_ino != area->ino ||
		    !ledger_header_read(path, header))
			continue;
		snprintf(found->path, sizeof(found->path), "%s", path);
		snprintf(found->name, sizeof(found->name), "%.*s", len, area->name);
		return true;
	}
	return false;
}

/* A fork child may still have its parent's ledger mapped: its own wins. */
static bool is_its_ledger(void *context, const struct kernel_area *area)
{
	struct process_search *search = context;
	struct found_ledger before = *search->found;
	struct ledger_header header;

	if (!(area->flags & VM_SHARED) || !(area->flags & VM_WRITE) || area->name_len == 0 ||
	    area->name[0] != '/' || area->offset != 0 || !read_mapped_header(search, area, &header))
		return false;
	if ((pid_t)header.pid == search->pid)
		return search->has_one = true;
	if (search->has_one)
		*search->found = before;
	search->has_one = true;
	return false;
}

bool find_ledger_of(pid_t pid, struct found_ledger *found, struct problem *problem)
{
	struct process_search search = { .pid = pid, .found = found };
	char about[40];
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(about, sizeof(about), "process %d", (int)pid);
	if (fd < 0) {
		if (errno == ENOENT)
			problem_set(problem, PROBLEM_PROCESS, about, "there is no %s", about);
		else
			problem_set_errno(problem, PROBLEM_PROCESS, about, errno,
					  "can't read the map of %s", about);
		return false;
	}
	close(fd);
	look_at_areas(pid, is_its_ledger, &search);
	if (search.has_one)
		return true;
	problem_set(problem, PROBLEM_PROCESS, about, "%s is not being recorded", about);
	problem_advise(problem, "start it with: mapledger run");
	return false;
}

/* ------------------------------------------------------------------- families */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_path(struct ledger_list *list, const char *folder, const char *name)
{
	char *path;

	list->paths = heap_resize(list->paths, list->n + 1, sizeof(char *));
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		heap_exhausted();
	list->paths[list->n++] = path;
}

struct ledger_list ledger_list_folder(const char *folder)
{
	struct ledger_list list = { 0 };
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (dir == NULL)
		return list;
	while ((entry = readdir(dir)) != NULL)
		if (has_suffix(entry->d_name))
			add_path(&list, folder, entry->d_name);
	closedir(dir);
	if (list.n > 0)
		qsort(list.paths, list.n, sizeof(*list.paths), compare_paths);
	return list;
}

void ledger_list_free(struct ledger_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct ledger_list){ 0 };
}

void ledger_children_folder(const char *path, char folder[PATH_MAX])
{
	snprintf(folder, PATH_MAX, "%.*s.d", PATH_MAX - 3, path);
}

/* ------------------------------------------------------------- the newest one */

static bool is_newer(const struct stat *a, const struct stat *b)
{
	if (a->st_mtim.tv_sec != b->st_mtim.tv_sec)
		return a->st_mtim.tv_sec > b->st_mtim.tv_sec;
	return a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* What its process executed last, as `run` says it: the program one meant, behind the wrappers. */
static void follow_executed(char path[PATH_MAX])
{
	struct ledger_header first, header;
	struct ledger_list list;
	char folder[PATH_MAX];
	uint64_t latest = 0;

	if (!ledger_header_read(path, &first))
		return;
	ledger_children_folder(path, folder);
	list = ledger_list_folder(folder);
	for (size_t i = 0; i < list.n; i++) {
		if (!ledger_header_read(list.paths[i], &header) || header.pid != first.pid ||
		    header.start_monotonic_ns < latest)
			continue;
		latest = header.start_monotonic_ns;
		snprintf(path, PATH_MAX, "%s", list.paths[i]);
	}
	ledger_list_free(&list);
}

bool find_newest_ledger(struct found_ledger *found, struct problem *problem)
{
	struct stat newest = { 0 };
	struct dirent *entry;
	DIR *here = opendir(".");
	bool any = false;

	while (here != NULL && (entry = readdir(here)) != NULL) {
		struct stat st;

		if (!has_suffix(entry->d_name) || stat(entry->d_name, &st) < 0 ||
		    !S_ISREG(st.st_mode) || (any && !is_newer(&st, &newest)))
			continue;
		newest = st;
		any = true;
		snprintf(found->path, sizeof(found->path), "%s", entry->d_name);
	}
	if (here != NULL)
		closedir(here);
	if (!any) {
		problem_set(problem, PROBLEM_FILE, ".", "there is no *.mlg here");
		problem_advise(problem, "name a file, or make one: mapledger run PROGRAM");
		return false;
	}
	follow_executed(found->path);
	strcpy(found->name, found->path);
	return true;
}

/* -------------------------------------------------------------------- parents */

/* "x.mlg.d/y.mlg" -> "x.mlg": the first of the family, if there is one. */
static bool root_of(const char *path, char root[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char *real;

	if (slash == NULL) {
		real = realpath(path, NULL);
		if (real == NULL)
			return false;
		snprintf(root, PATH_MAX, "%s", real);
		free(real);
		slash = strrchr(root, '/');
		root[slash - root] = '\0';
	} else {
		snprintf(root, PATH_MAX, "%.*s", (int)(slash - path), path);
	}
	if (strlen(root) < 3 || strcmp(root + strlen(root) - 2, ".d") != 0)
		return false;
	root[strlen(root) - 2] = '\0';
	return true;
}

static bool is_parent(const struct ledger_header *child, const char *path)
{
	static const uint8_t none[LEDGER_ID_SIZE];
	struct ledger_header header;

	if (!ledger_header_read(path, &header) || memcmp(header.id, child->id, LEDGER_ID_SIZE) == 0)
		return false;
	if (memcmp(child->parent, none, LEDGER_ID_SIZE) != 0)
		return memcmp(header.id, child->parent, LEDGER_ID_SIZE) == 0;
	if (memcmp(header.boot_id, child->boot_id, sizeof(header.boot_id)) != 0 ||
	    header.start_monotonic_ns > child->start_monotonic_ns)
		return false;
	if (child->link == LEDGER_LINK_EXEC || child->exec_count > 0)
		return header.pid == child->pid && header.exec_count + 1 == child->exec_count;
	return header.pid == child->ppid;
}

static bool find_in_folder(const char *folder, const struct ledger_header *child,
			   char parent[PATH_MAX])
{
	struct ledger_list list = ledger_list_folder(folder);
	bool found = false;

	/* From the back: the newest ledger of a pid that had several. */
	for (size_t i = list.n; i > 0 && !found; i--) {
		found = is_parent(child, list.paths[i - 1]);
		if (found)
			snprintf(parent, PATH_MAX, "%s", list.paths[i - 1]);
	}
	ledger_list_free(&list);
	return found;
}

bool ledger_find_parent(const char *path, const struct ledger_header *header, char parent[PATH_MAX])
{
	char folder[PATH_MAX];
	char root[PATH_MAX];

	if (header->link == LEDGER_LINK_NONE)
		return false;
	if (root_of(path, root)) {
		ledger_children_folder(root, folder);
		if (find_in_folder(folder, header, parent))
			return true;
		snprintf(parent, PATH_MAX, "%s", root);
		return is_parent(header, root);
	}
	ledger_children_folder(path, folder);
	return find_in_folder(folder, header, parent);
}

static bool continues(const struct ledger_header *before, const char *path)
{
	struct ledger_header header;

	return ledger_header_read(path, &header) && header.pid == before->pid &&
	       memcmp(header.boot_id, before->boot_id, sizeof(header.boot_id)) == 0 &&
	       memcmp(header.id, before->id, LEDGER_ID_SIZE) != 0 &&
	       header.link != LEDGER_LINK_FORK &&
	       header.start_monotonic_ns > before->start_monotonic_ns;
}

bool ledger_was_continued(const char *path, const struct ledger_header *header)
{
	struct ledger_list list;
	char folder[PATH_MAX];
	char root[PATH_MAX];
	char pid[24];
	bool found = false;

	ledger_children_folder(root_of(path, root) ? root : path, folder);
	snprintf(pid, sizeof(pid), ".%" PRIu32 ".", header->pid);
	list = ledger_list_folder(folder);
	for (size_t i = 0; i < list.n && !found; i++)
		found = strstr(list.paths[i] + strlen(folder), pid) != NULL &&
			continues(header, list.paths[i]);
	ledger_list_free(&list);
	return found;
}
