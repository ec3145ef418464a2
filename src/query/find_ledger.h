/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FIND_LEDGER_H
#define CLI_FIND_LEDGER_H

/*
 * find_ledger - which file is meant, and which files belong to it
 *
 * A family is a ledger FILE and everything in FILE.d/.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include "cli/cli.h"
#include "ledger/ledger_format.h"

/*
 * @path: to open
 * @name: to show; differs from @path when the file is reached through /proc
 */
struct found_ledger {
	char path[PATH_MAX];
	char name[PATH_MAX];
};

/**
 * find_ledger() - the ledger a command is to look at
 *
 * FILE, or that of the process --pid, or the newest *.mlg here, and of that the
 * program its process executed last (and then a line says which).
 *
 * Return: false after a complaint.
 */
bool find_ledger(pid_t pid, int n_operands, char **operands, struct found_ledger *found);

/* The header of a file, if it is a ledger of this machine's kind. */
bool ledger_header_read(const char *path, struct ledger_header *header);

/* Does the process @pid have this very file mapped? */
bool ledger_is_mapped_by(const char *path, pid_t pid);

/* A list of paths, sorted by name. */
struct ledger_list {
	char **paths;
	size_t n;
};

/* Every *.mlg in a folder; an unreadable folder is an empty one. */
struct ledger_list ledger_list_folder(const char *folder);
void ledger_list_free(struct ledger_list *list);

/* FILE.d of FILE. */
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
