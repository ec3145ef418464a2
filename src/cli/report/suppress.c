/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "audit/audit.h"
#include "cli/report/suppress.h"
#include "cli/text/output.h"
#include "query/heap.h"

static const char *const whats[] = {
	[SUPPRESS_FUNCTION] = "fun",
	[SUPPRESS_OBJECT] = "obj",
	[SUPPRESS_SOURCE] = "src",
	[SUPPRESS_PATH] = "path",
};
#define N_WHATS (sizeof(whats) / sizeof(whats[0]))

/* ---------------------------------------------------------------------- reading */

static bool parse_what(const char *word, size_t len, enum suppress_what *what)
{
	for (size_t i = 0; i < N_WHATS; i++)
		if (strlen(whats[i]) == len && strncmp(word, whats[i], len) == 0) {
			*what = (enum suppress_what)i;
			return true;
		}
	return false;
}

static bool parse_rule(const char *word, size_t len, char rule[8])
{
	if (len == 0 || len >= 8)
		return false;
	memcpy(rule, word, len);
	rule[len] = '\0';
	return strcmp(rule, "*") == 0 || audit_rule_find(rule) != NULL;
}

/* NULL, or what is wrong with the line. */
static const char *parse_line(char *line, struct suppression *suppression)
{
	char *first = strchr(line, ':');
	char *second = first != NULL ? strchr(first + 1, ':') : NULL;

	if (second == NULL || second[1] == '\0')
		return "is not RULE:WHAT:GLOB";
	if (!parse_rule(line, (size_t)(first - line), suppression->rule))
		return "begins with no rule that there is; `mapledger audit --explain all' lists "
		       "them";
	if (!parse_what(first + 1, (size_t)(second - first - 1), &suppression->what))
		return "has a word that is not one of fun, obj, src, path";
	suppression->glob = strdup(second + 1);
	return suppression->glob == NULL ? "takes more memory than there is" : NULL;
}

/* Without blanks at both ends; empty for a comment. */
static char *trim(char *line)
{
	size_t len;

	while (*line == ' ' || *line == '\t')
		line++;
	len = strcspn(line, "\r\n");
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	line[len] = '\0';
	if (*line == '#')
		*line = '\0';
	return line;
}

static void add(struct suppressions *suppressions, const struct suppression *line)
{
	suppressions->lines = heap_resize(suppressions->lines, suppressions->n + 1, sizeof(*line));
	suppressions->lines[suppressions->n++] = *line;
}

static bool read_lines(struct suppressions *suppressions, FILE *file)
{
	char buffer[1024];

	for (unsigned number = 1; fgets(buffer, sizeof(buffer), file) != NULL; number++) {
		struct suppression suppression = { .line = number };
		char *line = trim(buffer);
		const char *wrong = *line != '\0' ? parse_line(line, &suppression) : NULL;

		if (wrong != NULL) {
			complain("%s:%u: '%s' %s", suppressions->path, number, line, wrong);
			return false;
		}
		if (*line != '\0')
			add(suppressions, &suppression);
	}
	return true;
}

bool suppressions_read(struct suppressions *suppressions, const char *path)
{
	FILE *file = fopen(path, "re");
	bool good;

	*suppressions = (struct suppressions){ .path = path };
	if (file == NULL) {
		complain("can't read suppressions from %s: %s", path, strerror(errno));
		return false;
	}
	good = read_lines(suppressions, file);
	fclose(file);
	return good;
}

void suppressions_free(struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->n; i++)
		free(suppressions->lines[i].glob);
	free(suppressions->lines);
	*suppressions = (struct suppressions){ 0 };
}

/* --------------------------------------------------------------------- matching */

static bool glob_fits(const char *glob, const char *name)
{
	return name != NULL && fnmatch(glob, name, 0) == 0;
}

/* "pool.c", "/src/pool.c" or "/src/pool.c:120". */
static bool source_fits(const char *glob, const struct named_frame *frame)
{
	char place[600];

	if (frame->file == NULL)
		return false;
	snprintf(place, sizeof(place), "%s:%u", frame->file, frame->line);
	return glob_fits(glob, frame->file) || glob_fits(glob, place);
}

static bool frame_fits(const struct suppression *suppression, const struct named_frame *frame)
{
	switch (suppression->what) {
	case SUPPRESS_FUNCTION:
		return glob_fits(suppression->glob, frame->function);
	case SUPPRESS_OBJECT:
		return glob_fits(suppression->glob, frame->module);
	case SUPPRESS_SOURCE:
		return source_fits(suppression->glob, frame);
	case SUPPRESS_PATH:
		break;
	}
	return false;
}

static bool fits(const struct suppression *suppression, const char *rule,
		 const struct named_stack *stack, const char *executable)
{
	if (strcmp(suppression->rule, "*") != 0 && strcmp(suppression->rule, rule) != 0)
		return false;
	if (suppression->what == SUPPRESS_PATH)
		return glob_fits(suppression->glob, executable);
	for (size_t i = 0; stack != NULL && i < stack->n; i++)
		if (frame_fits(suppression, &stack->frames[i]))
			return true;
	return false;
}

bool suppressions_match(struct suppressions *suppressions, const char *rule,
			const struct named_stack *stack, const char *executable)
{
	for (size_t i = 0; i < suppressions->n; i++)
		if (fits(&suppressions->lines[i], rule, stack, executable)) {
			suppressions->lines[i].n_used++;
			return true;
		}
	return false;
}

void suppressions_say_unused(const struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->n; i++) {
		const struct suppression *line = &suppressions->lines[i];

		if (line->n_used == 0)
			complain("%s:%u: %s:%s:%s suppressed nothing", suppressions->path,
				 line->line, line->rule, whats[line->what], line->glob);
	}
}
