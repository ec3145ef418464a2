/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "base/options.h"
#include "cli/commands/help_pages.h"
#include "cli/text/output.h"
#include "vma/vm_entry_points.h"

#define HELP_COLUMN 30
#define HELP_WIDTH  88

/* @text behind column @column, broken between words. */
static void print_in_column(const char *text, size_t column)
{
	size_t at = column;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (at > column && at + 1 + len > HELP_WIDTH) {
			printf("\n%*s", (int)column, "");
			at = column;
		}
		at += (size_t)printf("%s%.*s", at > column ? " " : "", (int)len, text);
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

/* @left, then @text in its column, on the next line when @left is too long. */
static void print_row(const char *left, const char *text)
{
	print_padded(left, HELP_COLUMN - 1);
	if (strlen(left) >= HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN - 1, "");
	putchar(' ');
	print_in_column(text, HELP_COLUMN);
}

static void print_option(const struct option_row *row)
{
	const struct option_row *own = option_row_of(row);
	const char *argument = option_argument(row);
	char left[80];

	snprintf(left, sizeof(left), "  %c%c%c --%s%s%s", own->letter != 0 ? '-' : ' ',
		 own->letter != 0 ? own->letter : ' ', own->letter != 0 ? ',' : ' ', own->name,
		 argument != NULL ? " " : "", argument != NULL ? argument : "");
	print_row(left, own->help);
}

void help_print_command(const struct command *command)
{
	printf("usage: mapledger %s %s\n", command->name, command->usage);
	if (command->alias != NULL)
		printf("       (or: mapledger %s)\n", command->alias);
	printf("\n%c%s.\n", command->summary[0] & ~0x20, command->summary + 1);
	if (command->details[0] != '\0')
		printf("\n%s", command->details);
	printf("\noptions:\n");
	for (size_t i = 0; i < command->n_rows; i++)
		print_option(&command->rows[i]);
}

void help_print_commands(const struct command *const *commands, size_t n)
{
	printf("usage: mapledger COMMAND [OPTION...] [FILE]\n"
	       "\n"
	       "What is at this address, who put it there, and who changed it since?\n"
	       "\n"
	       "commands:\n");
	for (size_t i = 0; i < n; i++) {
		char left[80];

		snprintf(left, sizeof(left), "  %s", commands[i]->name);
		print_padded(left, 11);
		print_in_column(commands[i]->summary, 11);
	}
	printf("\n"
	       "Begin with:  mapledger run PROGRAM\n"
	       "More:        mapledger help COMMAND, mapledger help environment,\n"
	       "             mapledger help coverage\n");
}

void help_print_environment(void)
{
	printf("%s='key=value:key=value'\n"
	       "\n"
	       "is read by the part of mapledger inside the program. mapledger run sets it and\n"
	       "keeps what is there already; its own options come later and win. A value that\n"
	       "contains a colon stands in quotes.\n"
	       "\n"
	       "keys:\n",
	       OPTIONS_VARIABLE);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_info *info = &option_table[i];
		char left[80];
		char text[200];

		snprintf(left, sizeof(left), "  %s=%s", info->name, info->values);
		snprintf(text, sizeof(text), "%s (default %s)", info->help, info->default_value);
		print_row(left, text);
	}
	printf("\nother variables:\n");
	print_row("  MAPLEDGER_SHIM=PATH", "the libmapledger.so that mapledger run loads");
	print_row("  NO_COLOR=1", "no colour, as with --color never");
}

/* As Markdown, which is how the README has it. */
void help_print_coverage(void)
{
	printf("| what changes the map | caught | what it does | what a failure leaves | tested by "
	       "|\n"
	       "|---|---|---|---|---|\n");
	for (size_t i = 0; i < vm_n_entry_points; i++) {
		const struct vm_entry_point *point = &vm_entry_points[i];

		printf("| %s | %s | %s | %s | %s |\n", point->way, vm_capture_name(point->capture),
		       point->effect, point->failure, point->test);
	}
	putchar('\n');
	for (unsigned capture = 0; capture < VM_CAPTURE_COUNT; capture++)
		printf("* *%s*: %s\n", vm_capture_name(capture), vm_capture_text(capture));
}
