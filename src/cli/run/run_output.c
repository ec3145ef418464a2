/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/options.h"
#include "base/text.h"
#include "query/find_ledger.h"
#include "cli/text/output.h"
#include "cli/run/run_output.h"

static void add_time(struct text *text, time_t when)
{
	char buffer[32];
	struct tm tm;

	if (localtime_r(&when, &tm) != NULL &&
	    strftime(buffer, sizeof(buffer), "%Y%m%d-%H%M%S", &tm) > 0)
		text_string(text, buffer);
}

static void add_host(struct text *text)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	text_string(text, host);
}

/* Behind "%q": "{NAME}". Returns what was read, 0 when it is not that. */
static size_t add_variable(struct text *text, const char *at)
{
	size_t len = strcspn(at, "}");
	char name[256];
	const char *value;

	if (at[0] != '{' || at[len] != '}' || len < 2 || len > sizeof(name))
		return 0;
	memcpy(name, at + 1, len - 1);
	name[len - 1] = '\0';
	value = getenv(name);
	if (value != NULL)
		text_string(text, value);
	return len + 1;
}

/* The word behind a '%'. Returns what was read, 0 when there is no such word. */
static size_t add_word(struct text *text, const char *at, const struct run_names *run)
{
	const char *slash = strrchr(run->program, '/');

	switch (*at) {
	case 'p':
		text_decimal(text, (uint64_t)run->pid);
		return 1;
	case 'e':
		text_string(text, slash != NULL ? slash + 1 : run->program);
		return 1;
	case 'n':
		text_char(text, '0'); /* the first program of this pid */
		return 1;
	case 't':
		add_time(text, run->when);
		return 1;
	case 'h':
		add_host(text);
		return 1;
	case '%':
		text_char(text, '%');
		return 1;
	case 'q': {
		size_t len = add_variable(text, at + 1);

		return len > 0 ? len + 1 : 0;
	}
	}
	return 0;
}

const char *run_output_expand(const char *pattern, const struct run_names *run, char path[PATH_MAX])
{
	struct text text;

	text_init(&text, path, OPTIONS_PATH_MAX);
	if (pattern[0] != '/') {
		if (getcwd(path, OPTIONS_PATH_MAX - 1) == NULL)
			return "can't be used: the current folder has no name, or a very long one";
		text.len = strlen(path);
		if (text.len > 1)
			text_char(&text, '/');
	}
	while (*pattern != '\0') {
		size_t len;

		if (*pattern != '%') {
			text_char(&text, *pattern++);
			continue;
		}
		len = add_word(&text, pattern + 1, run);
		if (len == 0)
			return "has a % word that is not known; use %p %e %n %t %h %q{NAME} or %%";
		pattern += 1 + len;
	}
	if (text.cut)
		return "is too long";
	if (path[text.len - 1] == '/')
		return "is a folder; name a file";
	return NULL;
}

/* Of an absolute path. */
static bool folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	folder[0] = '\0';
	if (slash == NULL)
		return false;
	snprintf(folder, PATH_MAX, "%.*s", slash > path ? (int)(slash - path) : 1, path);
	return true;
}

static void remove_children(const char *path)
{
	struct ledger_list children;
	char folder[PATH_MAX];

	ledger_children_folder(path, folder);
	children = ledger_list_folder(folder);
	for (size_t i = 0; i < children.n; i++)
		unlink(children.paths[i]);
	ledger_list_free(&children);
	rmdir(folder);
}

/* Is there an older ledger, or children of one? */
static bool is_taken(const char *path)
{
	struct ledger_list children;
	char folder[PATH_MAX];
	struct stat st;
	bool taken;

	if (lstat(path, &st) == 0)
		return true;
	ledger_children_folder(path, folder);
	children = ledger_list_folder(folder);
	taken = children.n > 0;
	ledger_list_free(&children);
	return taken;
}

static bool make_way(const char *path, bool force)
{
	struct stat st;

	if (!is_taken(path))
		return true;
	if (!force) {
		complain("%s is there already; use another --output, or --force to overwrite it",
			 path);
		return false;
	}
	if (lstat(path, &st) == 0 && (!S_ISREG(st.st_mode) || unlink(path) < 0)) {
		complain("can't overwrite %s: %s", path,
			 S_ISREG(st.st_mode) ? strerror(errno) : "it is no plain file");
		return false;
	}
	remove_children(path);
	return true;
}

bool run_output_check_folder(const char *path)
{
	char folder[PATH_MAX];

	if (folder_of(path, folder) && access(folder, W_OK | X_OK) == 0)
		return true;
	complain("can't write a ledger to %s: %s", folder, strerror(errno));
	return false;
}

bool run_output_check(const char *path, bool force)
{
	return run_output_check_folder(path) && make_way(path, force);
}
