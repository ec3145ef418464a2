/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <string.h>
#include "cli/options/command_line.h"
#include "cli/text/output.h"

#define MAX_OPTIONS 40
#define FIRST_VALUE 256 /* of getopt's val: behind every letter */

/* The rows of one command as getopt_long wants them. */
struct getopt_tables {
	char letters[3 * MAX_OPTIONS];
	struct option longs[MAX_OPTIONS];
};

static const struct option_row *row_at(const struct command *command, size_t i)
{
	return option_row_of(&command->rows[i]);
}

static void make_tables(const struct command *command, struct getopt_tables *tables)
{
	size_t n_letters = 0;

	/* `+': what stands behind an operand is the operand's. `:': a missing value is told apart.
	 */
	if (command->keeps_order)
		tables->letters[n_letters++] = '+';
	tables->letters[n_letters++] = ':';
	for (size_t i = 0; i < command->n_rows; i++) {
		const struct option_row *row = row_at(command, i);

		tables->longs[i] = (struct option){
			.name = row->name,
			.has_arg = option_argument(row) != NULL ? required_argument : no_argument,
			.val = FIRST_VALUE + (int)i,
		};
		if (row->letter == 0)
			continue;
		tables->letters[n_letters++] = row->letter;
		if (option_argument(row) != NULL)
			tables->letters[n_letters++] = ':';
	}
	tables->letters[n_letters] = '\0';
	tables->longs[command->n_rows] = (struct option){ 0 };
}

/* Of what getopt_long() returned; NULL: of none. */
static const struct option_row *row_of(const struct command *command, int value)
{
	if (value >= FIRST_VALUE)
		return &command->rows[value - FIRST_VALUE];
	for (size_t i = 0; i < command->n_rows; i++)
		if (row_at(command, i)->letter == value)
			return &command->rows[i];
	return NULL;
}

static bool is_option(const struct command *command, const char *name, size_t len)
{
	for (size_t i = 0; i < command->n_rows; i++)
		if (strlen(row_at(command, i)->name) == len &&
		    strncmp(row_at(command, i)->name, name, len) == 0)
			return true;
	return false;
}

static void say_unknown(const struct command *command, const char *word)
{
	int len = (int)strcspn(word, "=");

	if (strncmp(word, "--", 2) != 0)
		complain("%s: unknown option '-%c'; see: mapledger help %s", command->name, optopt,
			 command->name);
	else if (is_option(command, word + 2, (size_t)len - 2))
		complain("%s: option '%.*s' takes no value; see: mapledger help %s", command->name,
			 len, word, command->name);
	else
		complain("%s: unknown option '%.*s'; see: mapledger help %s", command->name, len,
			 word, command->name);
}

static void say_missing(const struct command *command)
{
	const struct option_row *row = row_of(command, optopt);

	if (row != NULL)
		complain("%s: --%s needs a value: %s; see: mapledger help %s", command->name,
			 option_row_of(row)->name, option_argument(row), command->name);
}

static bool take_option(const struct command *command, const struct option_row *row, void *options)
{
	const struct option_row *own = option_row_of(row);
	struct text wrong;
	TEXT_ON_STACK(wrong, 200);

	if (option_set(row, options, option_argument(own) != NULL ? optarg : NULL, &wrong))
		return true;
	complain("%s: --%s: '%s' %s", command->name, own->name, optarg, wrong.buffer);
	return false;
}

bool command_line_parse(const struct command *command, int argc, char **argv, void *options,
			int *first)
{
	struct getopt_tables tables;
	int value;

	make_tables(command, &tables);
	opterr = 0;
	optind = 0;
	while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		const struct option_row *row = row_of(command, value);

		if (value == ':')
			say_missing(command);
		else if (row == NULL)
			say_unknown(command, argv[optind - 1]);
		if (value == ':' || row == NULL || !take_option(command, row, options))
			return false;
	}
	*first = optind;
	return true;
}
