/* SPDX-License-Identifier: Apache-2.0 */

/*
 * demo - record one of the broken programs of src/demo, and say what is wrong with it
 *
 * It is `mapledger run --check' with a program that comes along.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/commands/cmd_demo.h"
#include "cli/commands/cmd_run.h"
#include "cli/text/output.h"

#define DEMO_NAME "mapledger-demo"

/* Beside the command in a build folder, or where `meson install' puts it. */
static bool find_demo(char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	for (int up = 0; up < 2 && len > 0; up++) {
		self[len] = '\0';
		len = strrchr(self, '/') != NULL ? strrchr(self, '/') - self : 0;
	}
	if (len > 0) {
		self[len] = '\0';
		snprintf(path, PATH_MAX, "%.3900s/demo/" DEMO_NAME, self);
		if (access(path, X_OK) == 0)
			return true;
	}
	snprintf(path, PATH_MAX, "%s", MAPLEDGER_DEMO_PATH);
	if (access(path, X_OK) == 0)
		return true;
	complain("demo: can't find " DEMO_NAME " (looked at %s): %s", path, strerror(errno));
	return false;
}

/* One line of the program's own list, "NAME\tSTORY". */
typedef bool (*demo_fn)(const char *name, const char *story, const char *wanted);

/* Return: did @fn say yes to one? */
static bool each_demo(const char *path, demo_fn fn, const char *wanted)
{
	char line[256];
	FILE *list;
	bool found = false;

	/* A shell reads the path: it is quoted, and ours. */
	if (strchr(path, '\'') != NULL)
		return false;
	snprintf(line, sizeof(line), "'%.200s'", path);
	list = popen(line, "re");
	while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
		char *tab = strchr(line, '\t');

		if (tab == NULL)
			continue;
		*tab = '\0';
		tab[1 + strcspn(tab + 1, "\n")] = '\0';
		found |= fn(line, tab + 1, wanted);
	}
	if (list != NULL)
		pclose(list);
	return found;
}

static bool print_demo(const char *name, const char *story, const char *wanted)
{
	(void)wanted;
	printf("  %-20s %s\n", name, story);
	return true;
}

static bool is_demo(const char *name, const char *story, const char *wanted)
{
	if (strcmp(name, wanted) != 0)
		return false;
	fprintf(stderr, "mapledger: demo %s: %s\n", name, story);
	return true;
}

static int cmd_demo(const void *options, int n_operands, char **operands)
{
	struct run_options run = { .check = true, .force = true, .output = "mapledger.demo.mlg" };
	char path[PATH_MAX];
	char *argv[3] = { path, NULL, NULL };

	(void)options;
	if (!find_demo(path))
		return CLI_TROUBLE;
	if (n_operands == 0) {
		puts("programs that are broken, each in its own way:\n");
		each_demo(path, print_demo, NULL);
		puts("\nTry:  mapledger demo overhang");
		return CLI_FINE;
	}
	if (n_operands > 1 || !each_demo(path, is_demo, operands[0])) {
		complain("demo: there is no demo '%s'; see: mapledger demo", operands[0]);
		return CLI_TROUBLE;
	}
	argv[1] = operands[0];
	return run_and_record(&run, 2, argv);
}

const struct command command_demo = {
	.name = "demo",
	.usage = "[NAME]",
	.summary = "broken programs that come along, recorded and explained",
	.details = "Without a name: which there are. The ledger is mapledger.demo.mlg, for other "
		   "commands\n"
		   "to look at.\n",
	.rows = &common_rows[COMMON_HELP],
	.n_rows = 1,
	.run = cmd_demo,
	.trouble = CLI_TROUBLE,
};
