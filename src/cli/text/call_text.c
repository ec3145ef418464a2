/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/text/call_text.h"
#include "vma/vm_call_format.h"

/* In the order in which they are looked for. */
static const char *const dropped[] = { "MAP_", "MADV_", "MREMAP_", "SHM_", "CLONE_" };

static const struct prot_name {
	const char *name;
	char letter;
	int column;
} prot_names[] = {
	{ "PROT_READ", 'r', 0 },
	{ "PROT_WRITE", 'w', 1 },
	{ "PROT_EXEC", 'x', 2 },
	{ "PROT_NONE", '-', 0 },
};

static size_t skip_word(const char *at, const char *word)
{
	size_t len = strlen(word);

	return strncmp(at, word, len) == 0 ? len : 0;
}

/* "PROT_READ|PROT_EXEC" at @at as "r-x"; returns what was read, 0 when nothing. */
static size_t shorten_prot(const char *at, struct text *text)
{
	char prot[] = "---";
	size_t read = 0;

	for (;;) {
		size_t len = 0;

		for (size_t i = 0; i < sizeof(prot_names) / sizeof(prot_names[0]) && len == 0;
		     i++) {
			len = skip_word(at + read, prot_names[i].name);
			if (len > 0)
				prot[prot_names[i].column] = prot_names[i].letter;
		}
		if (len == 0)
			break;
		read += len;
		if (at[read] != '|' || strncmp(at + read, "|PROT_", 6) != 0)
			break;
		read++;
	}
	if (read > 0 && at[read - 1] == '|')
		read--;
	if (read > 0)
		text_string(text, prot);
	return read;
}

static size_t shorten_flag(const char *at)
{
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		size_t len = skip_word(at, dropped[i]);

		if (len > 0)
			return len;
	}
	return 0;
}

static void shorten(const char *at, struct text *text)
{
	bool anonymous = strstr(at, "MAP_ANONYMOUS") != NULL;
	bool word_starts = true;

	while (*at != '\0') {
		size_t read = word_starts ? shorten_prot(at, text) : 0;

		if (read == 0 && word_starts)
			read = shorten_flag(at);
		if (read == 0 && anonymous)
			read = skip_word(at, ", -1, 0");
		if (read == 0 && strncmp(at, " (", 2) == 0)
			return;
		if (read > 0) {
			at += read;
			word_starts = false;
			continue;
		}
		text_char(text, *at);
		word_starts = *at == ' ' || *at == '|' || *at == '(';
		at++;
	}
}

void call_text(const struct vm_call *call, bool finished, struct text *text)
{
	char buffer[512];
	struct text full;

	text_init(&full, buffer, sizeof(buffer));
	vm_call_format(&full, call, finished);
	shorten(buffer, text);
}
