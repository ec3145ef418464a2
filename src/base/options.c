/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include "base/options.h"

enum option_id {
	OPTION_OUTPUT,
	OPTION_ROOT,
	OPTION_MAX_SIZE,
	OPTION_FOLLOW,
	OPTION_VERIFY,
	OPTION_SITES,
	OPTION_CACHE,
	OPTION_RAW,
	OPTION_STACK,
	OPTION_DEPTH,
	OPTION_ENFORCE,
	OPTION_HOLD,
	OPTION_STOP,
	OPTION_FILTERS,
	OPTION_DEBUG,
};

const struct option_info option_table[] = {
	[OPTION_OUTPUT] = { "output", "mapledger.%e.%p.mlg", "PATH",
			    "ledger to write; %p pid, %e program, %n earlier ledgers of this pid" },
	[OPTION_ROOT] = { "root", "0", "PID",
			  "the process that writes to output itself; others write to output.d/" },
	[OPTION_MAX_SIZE] = { "max_size", "256M", "SIZE",
			      "of one ledger; when full, the oldest history is overwritten" },
	[OPTION_FOLLOW] = { "follow", "all", "all|fork|none",
			    "record children and what they execute, only children, or neither" },
	[OPTION_VERIFY] = { "verify", "exit", "each|exit|off",
			    "compare the map with the kernel's: after each call and at exit, "
			    "at exit, or never" },
	[OPTION_SITES] = { "sites", "all", "all|libc|off",
			   "catch calls at the system call instructions of all code, or of libc "
			   "and ld.so alone" },
	[OPTION_CACHE] = { "cache", "off", "FOLDER|off",
			   "remember where code has system call instructions; a folder of your "
			   "own" },
	[OPTION_RAW] = { "raw", "0", "0|1",
			 "catch all other system calls, too, by Syscall User Dispatch; slows "
			 "them down" },
	[OPTION_STACK] = { "stack", "unwind", "unwind|fp|none",
			   "record which stack made each call: by unwind tables, by frame "
			   "pointers alone, or not" },
	[OPTION_DEPTH] = { "depth", "16", "1-64", "frames of each stack, from the call outwards" },
	[OPTION_ENFORCE] = { "enforce", "off", "wx,clobber|off",
			     "refuse writable and executable memory, and MAP_FIXED over live "
			     "memory of another owner; changes what the program experiences" },
	[OPTION_HOLD] = { "hold", "0", "SIZE",
			  "keep so much of what is unmapped reserved, so that stale use faults; "
			  "changes what the program experiences" },
	[OPTION_STOP] = { "stop", "off", "P03,U01,U04,U08,W01|off",
			  "SIGTRAP behind the call in which a rule finds something" },
	[OPTION_FILTERS] = { "filters", "any", "N|any",
			     "a program that is started behind more seccomp filters is not "
			     "recorded: they might kill it" },
	[OPTION_DEBUG] = { "debug", "0", "0|1", "say what the shim does on stderr" },
};
const size_t option_count = sizeof(option_table) / sizeof(option_table[0]);

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

/* The place of a value among words, or -1. */
static int parse_word(struct slice value, const char *const words[], int n_words)
{
	for (int i = 0; i < n_words; i++)
		if (slice_is(value, words[i]))
			return i;
	return -1;
}

static bool set_follow(struct options *options, struct slice value)
{
	static const char *const words[] = { "all", "fork", "none" };
	int word = parse_word(value, words, 3);

	if (word >= 0)
		options->follow = (enum option_follow)word;
	return word >= 0;
}

static bool set_verify(struct options *options, struct slice value)
{
	static const char *const words[] = { "exit", "off", "each" };
	int word = parse_word(value, words, 3);

	if (word >= 0)
		options->verify = (enum option_verify)word;
	return word >= 0;
}

static bool set_sites(struct options *options, struct slice value)
{
	static const char *const words[] = { "all", "libc", "off" };
	int word = parse_word(value, words, 3);

	if (word >= 0)
		options->sites = (enum option_sites)word;
	return word >= 0;
}

static bool set_stack(struct options *options, struct slice value)
{
	static const char *const words[] = { "unwind", "fp", "none" };
	int word = parse_word(value, words, 3);

	if (word >= 0)
		options->stack = (enum option_stack)word;
	return word >= 0;
}

static bool set_depth(struct options *options, struct slice value)
{
	uint64_t depth;

	if (!parse_number(value, &depth) || depth == 0 || depth > OPTIONS_DEPTH_MAX)
		return false;
	options->depth = depth;
	return true;
}

/* Words between commas, as bits; "off" is none. */
static bool parse_bits(struct slice value, const char *const words[], int n_words, uint32_t *bits)
{
	*bits = 0;
	if (slice_is(value, "off"))
		return true;
	while (value.at < value.end) {
		struct slice word = { value.at, value.at };
		int place;

		while (word.end < value.end && *word.end != ',')
			word.end++;
		place = parse_word(word, words, n_words);
		if (place < 0)
			return false;
		*bits |= 1u << place;
		value.at = word.end + (word.end < value.end);
	}
	return *bits != 0;
}

static bool set_enforce(struct options *options, struct slice value)
{
	static const char *const words[] = { "wx", "clobber" };

	return parse_bits(value, words, 2, &options->enforce);
}

static bool set_stop(struct options *options, struct slice value)
{
	static const char *const words[] = { [OPTION_STOP_P03] = "P03",
					     [OPTION_STOP_U01] = "U01",
					     [OPTION_STOP_U04] = "U04",
					     [OPTION_STOP_U08] = "U08",
					     [OPTION_STOP_W01] = "W01" };

	return parse_bits(value, words, sizeof(words) / sizeof(words[0]), &options->stop);
}

static bool set_filters(struct options *options, struct slice value)
{
	if (!slice_is(value, "any"))
		return parse_number(value, &options->filters);
	options->filters = OPTION_FILTERS_ANY;
	return true;
}

static bool set_option(struct options *options, enum option_id id, struct slice value)
{
	switch (id) {
	case OPTION_OUTPUT:
		return parse_path(value, options->output);
	case OPTION_ROOT:
		return parse_number(value, &options->root);
	case OPTION_MAX_SIZE:
		return options_parse_size(value.at, value.end, &options->max_size);
	case OPTION_FOLLOW:
		return set_follow(options, value);
	case OPTION_VERIFY:
		return set_verify(options, value);
	case OPTION_SITES:
		return set_sites(options, value);
	case OPTION_RAW:
		return parse_number(value, &options->raw);
	case OPTION_CACHE:
		return parse_path(value, options->cache);
	case OPTION_STACK:
		return set_stack(options, value);
	case OPTION_DEPTH:
		return set_depth(options, value);
	case OPTION_ENFORCE:
		return set_enforce(options, value);
	case OPTION_HOLD:
		return options_parse_size(value.at, value.end, &options->hold);
	case OPTION_STOP:
		return set_stop(options, value);
	case OPTION_FILTERS:
		return set_filters(options, value);
	case OPTION_DEBUG:
		return parse_number(value, &options->debug);
	}
	return false;
}

void options_init(struct options *options)
{
	*options = (struct options){ 0 };
	for (size_t i = 0; i < option_count; i++) {
		const char *value = option_table[i].default_value;

		set_option(options, (enum option_id)i,
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
	for (size_t i = 0; i < option_count; i++) {
		if (!slice_is(key, option_table[i].name))
			continue;
		if (!set_option(options, (enum option_id)i, value))
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
