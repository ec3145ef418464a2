/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text/word.h"
#include "query/words.h"

struct word size_word(uint64_t size, bool exact)
{
	struct word word;
	struct text text = word_text(&word);

	text_size(&text, size, exact);
	return word;
}

struct word count_word(uint64_t n, const char *noun)
{
	struct word word;
	struct text text = word_text(&word);

	text_count(&text, n, noun);
	return word;
}

struct word duration_word(uint64_t ns)
{
	struct word word;
	struct text text = word_text(&word);

	text_duration(&text, ns);
	return word;
}

struct word perm_word(uint64_t flags)
{
	struct word word;
	struct text text = word_text(&word);

	text_perm(&text, flags);
	return word;
}
