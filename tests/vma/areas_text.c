/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "areas_text.h"
#include "vma/vm_flags.h"

static const struct {
	uint64_t flag;
	const char *word;
} words[] = {
	{ VM_FILE, "file" },
	{ VM_HEAP, "heap" },
	{ VM_SHM, "shm" },
	{ VM_OWN, "own" },
	{ VM_GROWSDOWN, "stack" },
	{ VM_DONTFORK, "dontfork" },
	{ VM_GUARD, "guard" },
	{ VM_WIPEONFORK, "wipe" },
	{ VM_UPROBES, "uprobes" },
	{ VM_BASELINE, "baseline" },
	{ VM_RESYNCED, "resynced" },
	{ 21ULL << VM_HUGE_SHIFT, "huge" },
	{ VM_LOCKED, "locked" },
	{ VM_SEALED, "sealed" },
	{ VM_AIO, "aio" },
	{ VM_SHADOW, "shadow" },
	{ VM_DROPPABLE, "droppable" },
};

enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

static bool parse_word(const char *word, char **save, struct memory_area *area)
{
	if (word[0] == '@')
		area->offset = strtoull(word + 1, NULL, 16);
	else if (strcmp(word, "by") == 0)
		area->origin = strtoull(strtok_r(NULL, " ", save), NULL, 10);
	else if (strcmp(word, "changed") == 0)
		area->tag[VM_TAG_CHANGED] = strtoull(strtok_r(NULL, " ", save), NULL, 10);
	else if (strcmp(word, "object") == 0)
		area->tag[VM_TAG_OBJECT] = strtoull(strtok_r(NULL, " ", save), NULL, 10);
	else if (strcmp(word, "pkey") == 0)
		area->flags |= strtoull(strtok_r(NULL, " ", save), NULL, 10) << VM_PKEY_SHIFT;
	else
		return false;
	return true;
}

static bool parse_flag(const char *word, struct memory_area *area)
{
	for (unsigned i = 0; i < N_WORDS; i++)
		if (strcmp(word, words[i].word) == 0) {
			area->flags |= words[i].flag;
			return true;
		}
	return false;
}

static void parse_area(char *text, struct memory_area *area)
{
	char *save, *word;
	char prot[5] = "";

	*area = (struct memory_area){ .offset = MEMORY_AREA_NO_OFFSET };
	cr_assert_eq(sscanf(text, " %" SCNx64 "-%" SCNx64 " %4s", &area->range.start,
			    &area->range.end, prot),
		     3, "bad area: %s", text);
	area->flags = (prot[0] == 'r' ? VM_READ : 0) | (prot[1] == 'w' ? VM_WRITE : 0) |
		      (prot[2] == 'x' ? VM_EXEC : 0) | (prot[3] == 's' ? VM_SHARED : 0);
	strtok_r(text, " ", &save);
	strtok_r(NULL, " ", &save);
	while ((word = strtok_r(NULL, " ", &save)) != NULL)
		cr_assert(parse_word(word, &save, area) || parse_flag(word, area), "bad word: %s",
			  word);
}

size_t areas_parse(const char *text, struct memory_area *areas, size_t max)
{
	char *copy = strdup(text);
	char *save, *part;
	size_t n = 0;

	for (part = strtok_r(copy, ",", &save); part != NULL; part = strtok_r(NULL, ",", &save)) {
		cr_assert_lt(n, max);
		parse_area(part, &areas[n++]);
	}
	free(copy);
	return n;
}

void area_format(const struct memory_area *area, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	fprintf(out, "%" PRIx64 "-%" PRIx64 " %c%c%c%c", area->range.start, area->range.end,
		area->flags & VM_READ ? 'r' : '-', area->flags & VM_WRITE ? 'w' : '-',
		area->flags & VM_EXEC ? 'x' : '-', area->flags & VM_SHARED ? 's' : 'p');
	for (unsigned i = 0; i < N_WORDS; i++)
		if (area->flags & words[i].flag && words[i].flag != VM_BASELINE &&
		    words[i].flag != VM_RESYNCED)
			fprintf(out, " %s", words[i].word);
	if ((area->flags & VM_SOURCE) == VM_BASELINE)
		fprintf(out, " baseline");
	if ((area->flags & VM_SOURCE) == VM_RESYNCED)
		fprintf(out, " resynced");
	if (area->flags & VM_PKEY_MASK)
		fprintf(out, " pkey %d", (int)((area->flags & VM_PKEY_MASK) >> VM_PKEY_SHIFT));
	if (area->tag[VM_TAG_OBJECT] != 0)
		fprintf(out, " object %" PRIu64, area->tag[VM_TAG_OBJECT]);
	if (area->offset != MEMORY_AREA_NO_OFFSET)
		fprintf(out, " @%" PRIx64, area->offset);
	if (area->origin != 0)
		fprintf(out, " by %" PRIu64, area->origin);
	if (area->tag[VM_TAG_CHANGED] != 0)
		fprintf(out, " changed %" PRIu64, area->tag[VM_TAG_CHANGED]);
	fputc('\0', out);
	fclose(out);
}

void set_format(const struct memory_set *set, char text[static AREAS_TEXT_SIZE])
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, MEMORY_SET_ALL);
	const struct memory_area *area;
	char one[256];
	size_t len = 0;

	text[0] = '\0';
	while ((area = memory_set_iter_next(&iter)) != NULL) {
		area_format(area, one, sizeof(one));
		len += (size_t)snprintf(text + len, AREAS_TEXT_SIZE - len, "%s%s",
					len == 0 ? "" : ", ", one);
		cr_assert_lt(len, AREAS_TEXT_SIZE);
	}
}

struct memory_set *set_create(void)
{
	struct memory_set *set = memory_set_create(&(struct memory_set_options){
		.dispatch = MEMORY_SET_PER_REQUEST,
		.auto_reserve = true,
	});

	cr_assert_not_null(set);
	return set;
}

void set_fill(struct memory_set *set, const char *text)
{
	struct memory_area areas[64];
	size_t n = areas_parse(text, areas, 64);

	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(memory_set_reserve(set, 2), 0);
		cr_assert_eq(memory_set_replace(set, areas[i].range, &areas[i], 1), 0);
	}
}

/* The same words in the same order as set_format() writes them. */
static void normalize(const char *text, char out[static AREAS_TEXT_SIZE])
{
	struct memory_area areas[64];
	size_t n = areas_parse(text, areas, 64);
	size_t len = 0;
	char one[256];

	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		area_format(&areas[i], one, sizeof(one));
		len += (size_t)snprintf(out + len, AREAS_TEXT_SIZE - len, "%s%s",
					len == 0 ? "" : ", ", one);
	}
}

void assert_set_at(const struct memory_set *set, const char *text, const char *row,
		   const char *file, int line)
{
	const char *wrong = memory_set_check(set);
	char got[AREAS_TEXT_SIZE], want[AREAS_TEXT_SIZE];

	set_format(set, got);
	normalize(text, want);
	cr_assert_null(wrong, "%s:%d: %s: %s", file, line, row, wrong);
	cr_assert_str_eq(got, want, "%s:%d: %s\n  got  %s\n  want %s", file, line, row, got, want);
}
