/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/options.h"
#include "base/seccomp.h"
#include "cli/run/shim_environment.h"
#include "cli/text/output.h"

#define SHIM_NAME "libmapledger.so"

static bool is_there(const char *path)
{
	return access(path, R_OK) == 0;
}

/* Beside the command in a build folder: src/cli/mapledger, preload/libmapledger.so. */
static bool find_in_build(char shim[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	for (int up = 0; up < 3 && len > 0; up++) {
		self[len] = '\0';
		len = strrchr(self, '/') != NULL ? strrchr(self, '/') - self : 0;
	}
	if (len <= 0)
		return false;
	self[len] = '\0';
	snprintf(shim, PATH_MAX, "%.3900s/preload/" SHIM_NAME, self);
	return is_there(shim);
}

bool shim_find(char shim[PATH_MAX])
{
	const char *set = getenv("MAPLEDGER_SHIM");
	char given[PATH_MAX];

	if (set != NULL && *set != '\0') {
		snprintf(given, sizeof(given), "%s", set);
		if (realpath(given, shim) == NULL || !is_there(shim)) {
			complain("MAPLEDGER_SHIM=%s: %s", set, strerror(errno));
			return false;
		}
	} else if (!find_in_build(shim)) {
		snprintf(shim, PATH_MAX, "%s", MAPLEDGER_SHIM_PATH);
	}
	if (!is_there(shim)) {
		complain("can't find " SHIM_NAME " (looked at %s); set MAPLEDGER_SHIM to its path",
			 shim);
		return false;
	}
	/* The loader separates names by blanks and colons, and knows no quotes. */
	if (strpbrk(shim, " :\t\n") != NULL) {
		complain("can't preload %s: the loader takes no blanks or colons in a path", shim);
		return false;
	}
	return true;
}

static bool set_preload(const char *shim)
{
	const char *old = getenv("LD_PRELOAD");
	char *value = NULL;
	bool good;

	if (asprintf(&value, "%s%s%s", shim, old != NULL && *old != '\0' ? ":" : "",
		     old != NULL ? old : "") < 0)
		return false;
	good = setenv("LD_PRELOAD", value, 1) == 0;
	free(value);
	return good;
}

/*
 * A program built with AddressSanitizer ends at once where another library is loaded
 * before its runtime. It is told to do without that check; it works all the same.
 */
static bool set_asan_options(void)
{
	const char *old = getenv("ASAN_OPTIONS");
	char *value = NULL;
	bool good;

	if (old != NULL && strstr(old, "verify_asan_link_order") != NULL)
		return true;
	if (asprintf(&value, "%s%sverify_asan_link_order=0", old != NULL ? old : "",
		     old != NULL && *old != '\0' ? ":" : "") < 0)
		return false;
	good = setenv("ASAN_OPTIONS", value, 1) == 0;
	free(value);
	return good;
}

/* A colon ends a value, and a quote at its start begins one, unless it is quoted. */
static const char *quote_for(const char *value)
{
	if (strchr(value, ':') == NULL && value[0] != '"' && value[0] != '\'')
		return "";
	if (strchr(value, '"') == NULL)
		return "\"";
	return strchr(value, '\'') == NULL ? "'" : NULL;
}

/* Where the shim may keep what it learns about code; in the child. Empty: nowhere. */
static void find_cache(char cache[PATH_MAX])
{
	const char *home = getenv("HOME"), *base = getenv("XDG_CACHE_HOME");

	if (base != NULL && base[0] == '/')
		snprintf(cache, PATH_MAX, "%.3900s", base);
	else if (home != NULL && home[0] == '/')
		snprintf(cache, PATH_MAX, "%.3900s/.cache", home);
	else
		cache[0] = '\0';
	if (cache[0] == '\0' || strlen(cache) + sizeof("/mapledger") > OPTIONS_PATH_MAX)
		return;
	mkdir(cache, 0700);
	strcat(cache, "/mapledger");
	if ((mkdir(cache, 0700) < 0 && errno != EEXIST) || strpbrk(cache, ":'\"") != NULL)
		cache[0] = '\0';
}

/* What the user set comes first, so that our options win; but for where to keep things. */
static bool set_options(const char *output, const char *settings)
{
	const char *old = getenv(OPTIONS_VARIABLE);
	const char *quote = quote_for(output);
	char cache[PATH_MAX] = "";
	char *value = NULL;
	size_t size;
	FILE *stream;
	bool good;

	if (quote == NULL) {
		complain("can't hand the name %s to the program: it has both kinds of quotes",
			 output);
		return false;
	}
	stream = open_memstream(&value, &size);
	if (stream == NULL)
		return false;
	find_cache(cache);
	if (cache[0] != '\0')
		fprintf(stream, "cache=%s:", cache);
	if (old != NULL && *old != '\0')
		fprintf(stream, "%s:", old);
	fprintf(stream, "output=%s%s%s:root=%d:filters=%" PRIu64 "%s", quote, output, quote,
		(int)getpid(), seccomp_filters(), settings);
	good = fclose(stream) == 0 && setenv(OPTIONS_VARIABLE, value, 1) == 0;
	free(value);
	return good;
}

bool shim_environment_set(const char *shim, const char *output, const char *settings)
{
	return set_preload(shim) && set_asan_options() && set_options(output, settings);
}
