/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "cli/options/syntax.h"
#include "vma/vm_call.h"
#include "vma/vm_flags.h"

/* A piece of the argument that is being read. */
struct piece {
	const char *at;
	const char *end;
};

static struct piece piece_of(const char *text)
{
	return (struct piece){ text, text + strlen(text) };
}

static bool piece_is(struct piece piece, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(piece.end - piece.at) == len && memcmp(piece.at, word, len) == 0;
}

bool syntax_parse_number(const char *text, uint64_t *number)
{
	struct piece piece = piece_of(text);

	return text_parse_decimal(&piece.at, piece.end, number) && piece.at == piece.end;
}

/* ----------------------------------------------------------------- moments */

static const struct time_unit {
	const char *name;
	uint64_t ns;
} time_units[] = {
	{ "s", 1000000000 },
	{ "ms", 1000000 },
	{ "us", 1000 },
	{ "ns", 1 },
};

/* "1.25s": digits behind the point that are worth less than a nanosecond are dropped. */
static bool parse_time(struct piece piece, uint64_t *ns)
{
	struct piece fraction = { piece.end, piece.end };
	uint64_t whole;

	if (!text_parse_decimal(&piece.at, piece.end, &whole))
		return false;
	if (piece.at < piece.end && *piece.at == '.') {
		fraction.at = ++piece.at;
		while (piece.at < piece.end && *piece.at >= '0' && *piece.at <= '9')
			piece.at++;
		fraction.end = piece.at;
		if (fraction.at == fraction.end)
			return false;
	}
	for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++) {
		uint64_t worth = time_units[i].ns;

		if (!piece_is(piece, time_units[i].name))
			continue;
		if (__builtin_mul_overflow(whole, worth, ns))
			return false;
		for (; fraction.at < fraction.end && worth > 1; fraction.at++) {
			worth /= 10;
			if (__builtin_add_overflow(*ns, worth * (uint64_t)(*fraction.at - '0'), ns))
				return false;
		}
		return true;
	}
	return false;
}

static const struct moment_word {
	const char *word;
	enum moment_kind kind;
} moment_words[] = {
	{ "start", MOMENT_START },
	{ "main", MOMENT_MAIN },
	{ "crash", MOMENT_CRASH },
	{ "end", MOMENT_END },
};

static bool parse_moment(const char *text, struct moment *moment)
{
	*moment = (struct moment){ 0 };
	for (size_t i = 0; i < sizeof(moment_words) / sizeof(moment_words[0]); i++) {
		if (strcmp(text, moment_words[i].word) != 0)
			continue;
		moment->kind = moment_words[i].kind;
		return true;
	}
	if (strncmp(text, "mark:", 5) == 0) {
		moment->kind = MOMENT_MARK;
		moment->name = text + 5;
		return text[5] != '\0';
	}
	if (*text == '@') {
		moment->kind = MOMENT_TIME;
		return parse_time(piece_of(text + 1), &moment->value);
	}
	moment->kind = *text == '-' ? MOMENT_BEFORE_END : MOMENT_EVENT;
	return syntax_parse_number(text + (*text == '-' || *text == '#'), &moment->value);
}

const char *syntax_parse_moment(const char *text, struct moment *moment)
{
	if (parse_moment(text, moment))
		return NULL;
	return "is not a moment; write 42, -10, start, main, crash, end, @1.25s, @250ms or "
	       "mark:NAME";
}

/* ------------------------------------------------------------------ ranges */

static void skip_0x(struct piece *piece)
{
	if (piece->end - piece->at > 2 && piece->at[0] == '0' &&
	    (piece->at[1] == 'x' || piece->at[1] == 'X'))
		piece->at += 2;
}

static bool parse_address(struct piece *piece, uint64_t *address)
{
	skip_0x(piece);
	return text_parse_hex(&piece->at, piece->end, address);
}

bool syntax_parse_size(const char *at, const char *end, uint64_t *size)
{
	static const char units[] = "KMGT";
	struct piece piece = { at, end };
	const char *unit;
	unsigned shift;

	if (end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
		return parse_address(&piece, size) && piece.at == end;
	if (!text_parse_decimal(&piece.at, end, size))
		return false;
	if (piece.at == end)
		return true;
	unit = memchr(units, *piece.at & ~0x20, sizeof(units) - 1);
	if (unit == NULL || piece.at + 1 != end)
		return false;
	shift = 10 * (unsigned)(unit - units + 1);
	if (*size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}

static bool parse_range(struct piece piece, struct addr_range *range)
{
	uint64_t size;

	if (!parse_address(&piece, &range->start))
		return false;
	if (piece.at == piece.end) {
		range->end = range->start + 1;
	} else if (*piece.at == '-') {
		piece.at++;
		if (!parse_address(&piece, &range->end) || piece.at != piece.end)
			return false;
	} else if (*piece.at == '+') {
		if (!syntax_parse_size(piece.at + 1, piece.end, &size) ||
		    __builtin_add_overflow(range->start, size, &range->end))
			return false;
	} else {
		return false;
	}
	if (range->end <= range->start)
		return false;
	range->start = vm_page_down(range->start);
	if (range->end > vm_page_down(UINT64_MAX))
		range->end = vm_page_down(UINT64_MAX);
	range->end = vm_page_up(range->end);
	return range->end > range->start;
}

/* ------------------------------------------------------------------ places */

/* @words that stand for themselves, and prefixes that something follows. */
static const struct place_word {
	const char *word;
	enum place_kind kind;
	enum {
		ALONE,
		TEXT_FOLLOWS,
		NUMBER_FOLLOWS,
	} rest;
} place_words[] = {
	{ "fault", PLACE_FAULT, ALONE },	 { "pc", PLACE_PC, ALONE },
	{ "lib:", PLACE_LIBRARY, TEXT_FOLLOWS }, { "path:", PLACE_PATH, TEXT_FOLLOWS },
	{ "sym:", PLACE_SYMBOL, TEXT_FOLLOWS },	 { "stack:", PLACE_THREAD_STACK, NUMBER_FOLLOWS },
	{ "area:", PLACE_AREA, NUMBER_FOLLOWS },
};

static bool parse_place_word(const struct place_word *word, const char *rest, struct place *place)
{
	place->kind = word->kind;
	place->text = rest;
	switch (word->rest) {
	case ALONE:
		return *rest == '\0';
	case TEXT_FOLLOWS:
		return *rest != '\0';
	case NUMBER_FOLLOWS:
		return syntax_parse_number(rest + (*rest == '#'), &place->value) &&
		       place->value > 0;
	}
	return false;
}

static bool parse_place(const char *text, struct place *place)
{
	size_t len = strlen(text);
	struct piece piece = piece_of(text);

	*place = (struct place){ .text = text, .argument = text };
	for (size_t i = 0; i < sizeof(place_words) / sizeof(place_words[0]); i++) {
		size_t word_len = strlen(place_words[i].word);

		if (strncmp(text, place_words[i].word, word_len) == 0)
			return parse_place_word(&place_words[i], text + word_len, place);
	}
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		place->kind = PLACE_NAMED;
		return true;
	}
	place->kind = PLACE_RANGE;
	if (parse_address(&piece, &place->value) && piece.at == piece.end)
		place->kind = PLACE_ADDRESS;
	return parse_range(piece_of(text), &place->range);
}

const char *syntax_parse_place(const char *text, struct place *place)
{
	if (parse_place(text, place))
		return NULL;
	return "is no place; write 0x7f12000, 0x7f12000-0x7f14000, 0x7f12000+8K, lib:libssl, "
	       "path:'*.db', [heap], [stack], stack:TID, area:N or sym:NAME";
}

/* ----------------------------------------------------------- sizes and permissions */

/* "1M" behind its comparison; what is compared is [min, max]. */
static bool parse_compared(const char *text, struct size_range *sizes)
{
	const char *end = text + strlen(text);
	const char *dash = strchr(text, '-');
	bool or_equal = text[0] != '\0' && text[1] == '=';
	uint64_t size;

	*sizes = (struct size_range){ 0, UINT64_MAX };
	if (dash != NULL)
		return syntax_parse_size(text, dash, &sizes->min) &&
		       syntax_parse_size(dash + 1, end, &sizes->max) && sizes->min <= sizes->max;
	if (*text != '>' && *text != '<') {
		if (!syntax_parse_size(text + (*text == '='), end, &size))
			return false;
		*sizes = (struct size_range){ size, size };
		return true;
	}
	if (!syntax_parse_size(text + 1 + or_equal, end, &size))
		return false;
	if (*text == '>') {
		sizes->min = size + !or_equal;
		return or_equal || size < UINT64_MAX;
	}
	sizes->max = size - !or_equal;
	return or_equal || size > 0;
}

const char *syntax_parse_size_range(const char *text, struct size_range *sizes)
{
	if (parse_compared(text, sizes))
		return NULL;
	return "is no size to compare with; write for example '>=1M', '<8K', 4K or 4K-1M";
}

const char *syntax_parse_perm(const char *text, uint64_t *perm)
{
	static const char letters[] = "rwx";
	static const uint64_t flags[] = { VM_READ, VM_WRITE, VM_EXEC };

	*perm = 0;
	for (; *text != '\0'; text++) {
		const char *letter = strchr(letters, *text);

		if (letter == NULL)
			return "is no permission; write r, w, x or several of them";
		*perm |= flags[letter - letters];
	}
	return *perm != 0 ? NULL : "is no permission; write r, w, x or several of them";
}

/* ------------------------------------------------------------ names of calls */

/* Those that begin or end an address space, or all others. */
static uint32_t calls_that(bool make_space)
{
	uint32_t calls = 0;

	for (unsigned op = VM_OP_NONE + 1; op < VM_OP_COUNT; op++)
		if (vm_op_makes_space(op) == make_space)
			calls |= 1u << op;
	return calls;
}

/* One word as bits; 0 when it is unknown. */
static uint32_t parse_word(struct piece word)
{
	if (piece_is(word, "%mem") || piece_is(word, "%memory"))
		return calls_that(false);
	if (piece_is(word, "%process"))
		return calls_that(true);
	if (piece_is(word, "resync"))
		return CALLS_RESYNC;
	for (unsigned op = VM_OP_NONE + 1; op < VM_OP_COUNT; op++)
		if (piece_is(word, vm_op_info(op)->name))
			return 1u << op;
	return 0;
}

const char *syntax_parse_calls(const char *text, uint32_t *calls)
{
	struct piece piece = piece_of(text);
	bool take_away = *text == '!';
	uint32_t all = 0;

	if (take_away)
		piece.at++;
	for (;;) {
		const char *comma = memchr(piece.at, ',', (size_t)(piece.end - piece.at));
		struct piece word = { piece.at, comma != NULL ? comma : piece.end };
		uint32_t bits = parse_word(word);

		if (bits == 0)
			return "names no call; write for example mmap,munmap or !madvise or %mem "
			       "or resync";
		all |= bits;
		if (comma == NULL)
			break;
		piece.at = comma + 1;
	}
	if (take_away)
		*calls = (*calls != 0 ? *calls : CALLS_ALL) & ~all;
	else
		*calls |= all;
	return NULL;
}
