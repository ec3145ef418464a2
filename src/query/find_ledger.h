/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_FIND_LEDGER_H
#define QUERY_FIND_LEDGER_H

/*
 * find_ledger - which file is meant, and which files belong to it
 *
 * A family is a ledger FILE and everything in FILE.d/.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "ledger/ledger_format.h"
#include "query/problem.h"

/*
 * @path: to open
 * @name: to show; differs from @path when the file is reached through /proc
 */
struct found_ledger {
	char path[PATH_MAX];
	char name[PATH_MAX];
};

/**
 * find_ledger_of() - the ledger that a running process writes
 *
 * Found in the map of the process; a fork child's own before its parent's. Return: false,
 * with @problem: there is no such process, it can't be read, or nobody records it.
 */
bool find_ledger_of(pid_t pid, struct found_ledger *found, struct problem *problem);

/**
 * find_newest_ledger() - the newest *.mlg in the working directory
 *
 * And of that the program its process executed last. Return: false, with @problem.
 */
bool find_newest_ledger(struct found_ledger *found, struct problem *problem);

/* Read the header of a file. Return: false unless it is a ledger of this machine's kind. */
bool ledger_header_read(const char *path, struct ledger_header *header);

/* Does the process @pid have this very file mapped? */
bool ledger_is_mapped_by(const char *path, pid_t pid);

/* A list of paths, sorted by name; all zeros is an empty one. */
struct ledger_list {
	char **paths;
	size_t n;
};

/* Every *.mlg in a folder; an unreadable folder is an empty one. */
struct ledger_list ledger_list_folder(const char *folder);
/* Free the paths of a list. */
void ledger_list_free(struct ledger_list *list);

/* The folder of a ledger's family: FILE.d of FILE. */
void ledger_children_folder(const char *path, char folder[PATH_MAX]);

/**
 * ledger_find_parent() - the file of the ledger that @header descends from
 * @path: of the ledger with @header
 *
 * Return: false when it is not known, or not there any more.
 */
bool ledger_find_parent(const char *path, const struct ledger_header *header,
			char parent[PATH_MAX]);

/**
 * ledger_was_continued() - did this process go on in a later ledger?
 *
 * It does when it executes a program. Most calls of exec are made inside libc,
 * where nothing is seen of them, so the later ledger is the witness.
 */
bool ledger_was_continued(const char *path, const struct ledger_header *header);

#endif
