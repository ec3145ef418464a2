/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPTION_ROW_H
#define CLI_OPTION_ROW_H

/*
 * option_row - the options of a command as a table beside the command
 *
 * A command has a struct for what its options say, and one row for each option: its word,
 * its letter, what its help says, and in which field of the struct its value goes, in which
 * notation. Parsing, complaints and `mapledger help COMMAND' follow from the rows.
 *
 *     struct verify_options {
 *             struct common_options common;
 *             bool all;
 *     };
 *
 *     static const struct option_row rows[] = {
 *             COMMON_ROW(struct verify_options, PID),
 *             { "all", 0, NULL, "the ledgers of its children, too",
 *               OPTION_FLAG(struct verify_options, all) },
 *             COMMON_ROW(struct verify_options, HELP),
 *     };
 *
 * Options that several commands have stand in a table of their own, with a struct of their
 * own (common_options.h); such a row is taken in with the place of that struct.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/options.h"
#include "base/text.h"
#include "cli/options/syntax.h"

/* How a value is written, and the type of the field that it goes to. */
enum option_kind {
	OPTION_KIND_FLAG,    /* bool: becomes true; no value */
	OPTION_KIND_BITS,    /* uint64_t: gets the row's @bits, too; no value */
	OPTION_KIND_NUMBER,  /* uint64_t */
	OPTION_KIND_ID,	     /* uint32_t or pid_t: of a process or a thread */
	OPTION_KIND_SIZE,    /* uint64_t: bytes, not 0 */
	OPTION_KIND_SIZES,   /* struct size_range */
	OPTION_KIND_WORD,    /* an enum: the place of the word among @words */
	OPTION_KIND_MOMENT,  /* struct moment */
	OPTION_KIND_PLACE,   /* struct place */
	OPTION_KIND_CALLS,   /* uint32_t: bits of calls */
	OPTION_KIND_PERM,    /* uint64_t: bits of VM_PROT */
	OPTION_KIND_TEXT,    /* const char *: as it is; with @wrong, not empty */
	OPTION_KIND_SETTING, /* const char *: as it is; one of @setting's values */
	OPTION_KIND_PARSED,  /* what @parse makes of it */
};

/*
 * One option of a command.
 *
 * @letter:   or 0
 * @argument: what the help calls its value; NULL: it has none, or @setting has the words
 * @field:    offset in the struct of options
 * @given:    offset of a bool that becomes true; 0: nobody asks
 * @words:    "a|b|c"; NULL: @argument is that
 * @min, @max: of a number or size; @max 0: none
 * @wrong:    what is wrong with a value that can't be read, as the end of a sentence that
 *            begins with it; NULL: what the kind says
 * @parse:    returns NULL or such an end of a sentence
 * @setting:  of the shim, see base/options.h: what `run' hands on to it
 * @shared:   the row is that one, and @field is where the struct lies that it speaks of
 */
struct option_row {
	const char *name;
	char letter;
	const char *argument;
	const char *help;
	enum option_kind kind;
	size_t field;
	size_t given;
	uint64_t bits;
	const char *words;
	uint64_t min;
	uint64_t max;
	const char *wrong;
	const char *(*parse)(const char *value, void *field);
	const struct option_info *setting;
	const struct option_row *shared;
};

/* The offset of a field, which must be of the type @wanted. */
#define OPTION_FIELD(type, member, wanted)                                                         \
	(offsetof(type, member) +                                                                  \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((type *)0)->member), wanted)     \
				 ? 1                                                               \
				 : -1]))

#define OPTION_FLAG(type, member)                                                                  \
	.kind = OPTION_KIND_FLAG, .field = OPTION_FIELD(type, member, bool)
#define OPTION_BITS(type, member, flag)                                                            \
	.kind = OPTION_KIND_BITS, .field = OPTION_FIELD(type, member, uint64_t), .bits = (flag)
#define OPTION_NUMBER(type, member)                                                                \
	.kind = OPTION_KIND_NUMBER, .field = OPTION_FIELD(type, member, uint64_t)
#define OPTION_ID(type, member, id_type)                                                           \
	.kind = OPTION_KIND_ID, .field = OPTION_FIELD(type, member, id_type)
#define OPTION_SIZE(type, member)                                                                  \
	.kind = OPTION_KIND_SIZE, .field = OPTION_FIELD(type, member, uint64_t)
#define OPTION_SIZES(type, member)                                                                 \
	.kind = OPTION_KIND_SIZES, .field = OPTION_FIELD(type, member, struct size_range)
#define OPTION_WORD(type, member, enum_type)                                                       \
	.kind = OPTION_KIND_WORD, .field = OPTION_FIELD(type, member, enum_type)
#define OPTION_MOMENT(type, member)                                                                \
	.kind = OPTION_KIND_MOMENT, .field = OPTION_FIELD(type, member, struct moment)
#define OPTION_PLACE(type, member)                                                                 \
	.kind = OPTION_KIND_PLACE, .field = OPTION_FIELD(type, member, struct place)
#define OPTION_CALLS(type, member)                                                                 \
	.kind = OPTION_KIND_CALLS, .field = OPTION_FIELD(type, member, uint32_t)
#define OPTION_PERM(type, member)                                                                  \
	.kind = OPTION_KIND_PERM, .field = OPTION_FIELD(type, member, uint64_t)
#define OPTION_TEXT(type, member)                                                                  \
	.kind = OPTION_KIND_TEXT, .field = OPTION_FIELD(type, member, const char *)
#define OPTION_SETTING(type, member, id)                                                           \
	.kind = OPTION_KIND_SETTING, .field = OPTION_FIELD(type, member, const char *),            \
	.setting = &option_table[id]
#define OPTION_PARSED(type, member, function)                                                      \
	.kind = OPTION_KIND_PARSED, .field = offsetof(type, member), .parse = (function)

/* A row that stands for @row of another table, about the struct that is @type's @member. */
#define OPTION_SHARED(type, member, shared_type, row)                                              \
	{                                                                                          \
		.field = OPTION_FIELD(type, member, shared_type), .shared = (row)                  \
	}

/* Finds the row that @row stands for: @row->shared, or @row itself. */
const struct option_row *option_row_of(const struct option_row *row);

/* Tells what the help calls an option's value; NULL: the option has none. */
const char *option_argument(const struct option_row *row);

/* Finds the field of @options that holds the value of an option. */
void *option_field(const struct option_row *row, const void *options);

/**
 * option_set() - parse the value of an option, and set its field
 * @options: the struct that @row's table is about
 * @value:   NULL when it takes none
 * @wrong:   an empty text; gets what is wrong with the value
 *
 * Return: is the value good?
 */
bool option_set(const struct option_row *row, void *options, const char *value, struct text *wrong);

#endif
