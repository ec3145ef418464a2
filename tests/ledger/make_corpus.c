/* SPDX-License-Identifier: Apache-2.0 */

/*
 * make_corpus DIRECTORY - a few real ledgers for fuzz_reader to begin with
 *
 * Cut to their first kilobytes: the rest is a hole.
 */

#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "session.h"

static const struct {
	const char *name;
	unsigned n_steps;
	unsigned kilobytes;
} ledgers[] = {
	{ "empty", 0, 5 },
	{ "short", 8, 8 },
	{ "middle", 60, 12 },
	{ "long", 200, 24 },
};

static int make(const char *directory, unsigned i)
{
	char path[PATH_MAX];
	struct session session;

	snprintf(path, sizeof(path), "%s/%s", directory, ledgers[i].name);
	unlink(path);
	if (session_open(&session, path, 3 << 20) < 0)
		return -1;
	session_baseline(&session);
	session_random(&session, i, ledgers[i].n_steps);
	if (i > 0)
		session_odds_and_ends(&session);
	session_random(&session, i, ledgers[i].n_steps / 4);
	session_close(&session);
	return truncate(path, ledgers[i].kilobytes << 10);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make_corpus DIRECTORY\n");
		return 2;
	}
	for (unsigned i = 0; i < sizeof(ledgers) / sizeof(ledgers[0]); i++) {
		if (make(argv[1], i) < 0) {
			perror(argv[1]);
			return 2;
		}
	}
	return 0;
}
