/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include "base/options.h"

const struct option_info option_table[OPTION_COUNT] = {
	[OPTION_OUTPUT] = { "output", "mapledger.%e.%p.mlg", "PATH",
			    "ledger to write; %p pid, %e program, %n earlier ledgers of this pid",
			    OPTION_TYPE_PATH, offsetof(struct options, output) },
	[OPTION_ROOT] = { "root", "0", "PID",
			  "the process that writes to output itself; others write to output.d/",
			  OPTION_TYPE_NUMBER, offsetof(struct options, root) },
	[OPTION_MAX_SIZE] = { "max_size", "256M", "SIZE",
			      "of one ledger; when full, the oldest history is overwritten",
			      OPTION_TYPE_SIZE, offsetof(struct options, max_size) },
	[OPTION_FOLLOW] = { "follow", "all", "all|fork|none",
			    "record children and what they execute, only children, or neither",
			    OPTION_TYPE_WORD, offsetof(struct options, follow) },
	[OPTION_VERIFY] = { "verify", "exit", "each|exit|off",
			    "compare the map with the kernel's: after each call and at exit, "
			    "at exit, or never",
			    OPTION_TYPE_WORD, offsetof(struct options, verify) },
	[OPTION_SITES] = { "sites", "all", "all|libc|off",
			   "catch calls at the system call instructions of all code, or of libc "
			   "and ld.so alone",
			   OPTION_TYPE_WORD, offsetof(struct options, sites) },
	[OPTION_CACHE] = { "cache", "off", "FOLDER|off",
			   "remember where code has system call instructions; a folder of your "
			   "own",
			   OPTION_TYPE_PATH, offsetof(struct options, cache) },
	[OPTION_RAW] = { "raw", "0", "0|1",
			 "catch all other system calls, too, by Syscall User Dispatch; slows "
			 "them down",
			 OPTION_TYPE_NUMBER, offsetof(struct options, raw) },
	[OPTION_STACK] = { "stack", "unwind", "unwind|fp|none",
			   "record which stack made each call: by unwind tables, by frame "
			   "pointers alone, or not",
			   OPTION_TYPE_WORD, offsetof(struct options, stack) },
	[OPTION_DEPTH] = { "depth", "16", "1-64", "frames of each stack, from the call outwards",
			   OPTION_TYPE_DEPTH, offsetof(struct options, depth) },
	[OPTION_ENFORCE] = { "enforce", "off", "wx,clobber|off",
			     "refuse writable and executable memory, and MAP_FIXED over live "
			     "memory of another owner; changes what the program experiences",
			     OPTION_TYPE_BITS, offsetof(struct options, enforce) },
	[OPTION_HOLD] = { "hold", "0", "SIZE",
			  "keep so much of what is unmapped reserved, so that stale use faults; "
			  "changes what the program experiences",
			  OPTION_TYPE_SIZE, offsetof(struct options, hold) },
	[OPTION_STOP] = { "stop", "off", "P03,U01,U04,U08,W01|off",
			  "SIGTRAP behind the call in which a rule finds something",
			  OPTION_TYPE_BITS, offsetof(struct options, stop) },
	[OPTION_FILTERS] = { "filters", "any", "N|any",
			     "a program that is started behind more seccomp filters is not "
			     "recorded: they might kill it",
			     OPTION_TYPE_NUMBER_OR_ANY, offsetof(struct options, filters) },
	[OPTION_DEBUG] = { "debug", "0", "0|1", "say what the shim does on stderr",
			   OPTION_TYPE_NUMBER, offsetof(struct options, debug) },
};

/* A piece of the string that is being parsed. */
struct slice {
	const char *at;
	const char *end;
};

static bool slice_is(struct slice slice, const char *word)
{
	while (slice.at < slice.end && *slice.at == *word) {
		slice.at++;
		word++;
	}
	return slice.at == slice.end && *word == '\0';
}

static bool slices_are_equal(struct slice a, struct slice b)
{
	while (a.at < a.end && b.at < b.end && *a.at == *b.at) {
		a.at++;
		b.at++;
	}
	return a.at == a.end && b.at == b.end;
}

static bool parse_number(struct slice value, uint64_t *number)
{
	return text_parse_decimal(&value.at, value.end, number) && value.at == value.end;
}

bool options_parse_size(const char *at, const char *end, uint64_t *size)
{
	static const char units[] = "KMG";
	uint64_t number;

	if (!text_parse_decimal(&at, end, &number))
		return false;
	for (unsigned i = 0; at < end && units[i] != '\0'; i++)
		if ((*at & ~0x20) == units[i]) {
			if (number > UINT64_MAX >> (10 * (i + 1)))
				return false;
			number <<= 10 * (i + 1);
			at++;
			break;
		}
	*size = number;
	return at == end;
}

static bool parse_path(struct slice value, char *path)
{
	size_t len = (size_t)(value.end - value.at);

	if (len == 0 || len >= OPTIONS_PATH_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		path[i] = value.at[i];
	path[len] = '\0';
	return true;
}

int options_find_word(const char *values, char separator, const char *word, size_t len)
{
	struct slice wanted = { word, word + len };

	for (int place = 0;; place++) {
		struct slice value = { values, values };

		while (*value.end != '\0' && *value.end != '|' && *value.end != separator)
			value.end++;
		if (slices_are_equal(value, wanted))
			return place;
		if (*value.end != separator)
			return -1;
		values = value.end + 1;
	}
}

static bool parse_word(struct slice value, const char *values, unsigned *word)
{
	int place = options_find_word(values, '|', value.at, (size_t)(value.end - value.at));

	if (place >= 0)
		*word = (unsigned)place;
	return place >= 0;
}

/* Words between commas, as bits; "off" is none. */
static bool parse_bits(struct slice value, const char *values, uint32_t *bits)
{
	*bits = 0;
	if (slice_is(value, "off"))
		return true;
	while (value.at < value.end) {
		const char *end = value.at;
		int place;

		while (end < value.end && *end != ',')
			end++;
		place = options_find_word(values, ',', value.at, (size_t)(end - value.at));
		if (place < 0)
			return false;
		*bits |= 1u << place;
		value.at = end + (end < value.end);
	}
	return *bits != 0;
}

static bool parse_depth(struct slice value, uint64_t *depth)
{
	uint64_t number;

	if (!parse_number(value, &number) || number == 0 || number > OPTIONS_DEPTH_MAX)
		return false;
	*depth = number;
	return true;
}

static bool parse_number_or_any(struct slice value, uint64_t *number)
{
	if (!slice_is(value, "any"))
		return parse_number(value, number);
	*number = UINT64_MAX;
	return true;
}

static bool set_option(struct options *options, const struct option_info *info, struct slice value)
{
	void *field = (char *)options + info->field;

	switch (info->type) {
	case OPTION_TYPE_PATH:
		return parse_path(value, field);
	case OPTION_TYPE_NUMBER:
		return parse_number(value, field);
	case OPTION_TYPE_NUMBER_OR_ANY:
		return parse_number_or_any(value, field);
	case OPTION_TYPE_DEPTH:
		return parse_depth(value, field);
	case OPTION_TYPE_SIZE:
		return options_parse_size(value.at, value.end, field);
	case OPTION_TYPE_WORD:
		return parse_word(value, info->values, field);
	case OPTION_TYPE_BITS:
		return parse_bits(value, info->values, field);
	}
	return false;
}

void options_init(struct options *options)
{
	*options = (struct options){ 0 };
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const char *value = option_table[i].default_value;

		set_option(options, &option_table[i],
			   (struct slice){ value, value + text_length(value) });
	}
}

static void complain(struct text *complaint, const char *what, struct slice about)
{
	if (complaint->len > 0)
		return;
	text_string(complaint, OPTIONS_VARIABLE ": ");
	text_string(complaint, what);
	text_string(complaint, " '");
	text_bytes(complaint, about.at, (size_t)(about.end - about.at));
	text_string(complaint, "' is ignored; see: mapledger help environment");
}

static void apply_pair(struct options *options, struct slice key, struct slice value,
		       struct text *complaint)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!slice_is(key, option_table[i].name))
			continue;
		if (!set_option(options, &option_table[i], value))
			complain(complaint, "bad value", (struct slice){ key.at, value.end });
		return;
	}
	complain(complaint, "unknown key", key);
}

/* The value at @at, without its quotes; @next is behind it. */
static struct slice take_value(const char *at, const char **next)
{
	struct slice value = { at, at };
	char quote = *at == '"' || *at == '\'' ? *at : '\0';

	if (quote != '\0')
		value.end = ++value.at;
	while (*value.end != '\0' && *value.end != (quote != '\0' ? quote : ':'))
		value.end++;
	*next = value.end + (quote != '\0' && *value.end == quote);
	return value;
}

void options_parse(struct options *options, const char *string, struct text *complaint)
{
	while (*string != '\0') {
		struct slice key = { string, string };
		struct slice value;

		while (*key.end != '\0' && *key.end != '=' && *key.end != ':')
			key.end++;
		if (*key.end != '=') {
			if (key.end > key.at)
				complain(complaint, "a key without a value:", key);
			string = key.end + (*key.end == ':');
			continue;
		}
		value = take_value(key.end + 1, &string);
		apply_pair(options, key, value, complaint);
		while (*string != '\0' && *string != ':')
			string++;
		string += *string == ':';
	}
}
