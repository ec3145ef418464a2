/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/*
 * cli - the command `mapledger'
 *
 * Two tables describe it: commands[] in commands.c and option_rows[] in
 * cli_options.c. getopt's structures, every help text and the shell's view of
 * the command follow from them: to add a command or an option, add a row.
 *
 * The result goes to stdout, messages go to stderr, one line each, beginning
 * with "mapledger: ".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "cli/syntax.h"

enum cli_exit {
	CLI_FINE = 0,
	CLI_DIFFERENT = 1, /* differences were found */
	CLI_TROUBLE = 2,   /* wrong usage, or something can't be read or written */
	CLI_UNSURE = 3,	   /* the ledger is damaged, or holds nothing to compare with */
	/* `run', as env(1) and timeout(1) do; otherwise it ends as the program did */
	CLI_CHECK_FAILED = 99, /* run --check: findings, and the program had nothing to say */
	CLI_RUN_FAILED = 125,
	CLI_RUN_NOT_EXECUTABLE = 126,
	CLI_RUN_NOT_FOUND = 127,
};

/* Bits: an option names the commands it belongs to. */
enum command_bit {
	COMMAND_RUN = 1 << 0,
	COMMAND_INFO = 1 << 1,
	COMMAND_MAP = 1 << 2,
	COMMAND_LOG = 1 << 3,
	COMMAND_VERIFY = 1 << 4,
	COMMAND_HELP = 1 << 5,
	COMMAND_WHY = 1 << 6,
	COMMAND_DIFF = 1 << 7,
	COMMAND_EXPLAIN = 1 << 8,
	COMMAND_AUDIT = 1 << 9,
	COMMAND_DEMO = 1 << 10,
	COMMAND_TOP = 1 << 11,
};
#define COMMAND_LOOKERS                                                                            \
	(COMMAND_INFO | COMMAND_MAP | COMMAND_LOG | COMMAND_VERIFY | COMMAND_WHY | COMMAND_DIFF |  \
	 COMMAND_EXPLAIN | COMMAND_AUDIT | COMMAND_TOP)
#define COMMAND_ALL (COMMAND_RUN | COMMAND_LOOKERS | COMMAND_HELP | COMMAND_DEMO)

enum color_when {
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

/* What `top' sorts and weighs by. */
enum top_by {
	TOP_BY_LIVE, /* areas */
	TOP_BY_LIVE_BYTES,
	TOP_BY_CALLS,
	TOP_BY_FAILED,
	TOP_BY_BYTES,
};

enum cli_format {
	FORMAT_DEFAULT, /* the table */
	FORMAT_MAPS,
	FORMAT_STRACE,
	FORMAT_JSON,
	FORMAT_CSV,
};

/* Which events and areas are wanted, see filter.h. All zero: all. */
struct filter_options {
	struct place range;
	bool has_since;
	struct moment since;
	bool has_until;
	struct moment until;
	uint32_t calls; /* bits, see syntax.h */
	uint32_t tid;
	bool failed;
	bool ok;
	uint64_t perm;	 /* bits of VM_PROT: all of them are there */
	uint64_t became; /* these were not there before, and are now */
	uint64_t lost;
	uint32_t kinds; /* bits, see filter.c */
	bool has_sizes;
	struct size_range sizes;
	const char *from;   /* regular expression, of a function in the stack */
	const char *module; /* glob, of a file in the stack, or of what is mapped */
};

/* What the options said. Options that were not given are zero. */
struct cli_options {
	bool help;
	/* looking */
	struct moment at;
	struct filter_options filter;
	uint64_t lines_before;
	uint64_t lines_after;
	bool gaps;
	bool bytes;
	bool json;
	bool all;
	bool long_rows;
	bool area;
	bool stacks;
	bool relative;
	bool folded;
	enum top_by by;
	const char *sysroot; /* where the recorded machine's files are; NULL: / */
	pid_t pid;
	bool has_count;
	uint64_t count;
	enum cli_format format;
	enum color_when color;
	const char *core; /* explain: a core file */
	/* audit */
	const char *explain_rule; /* id, or "all" */
	const char *suppressions; /* a file */
	const char *baseline;	  /* a SARIF file */
	const char *sarif;	  /* where to write one */
	uint64_t optional_rules;  /* bits: places in audit_rules[] */
	bool gen_suppressions;
	bool has_fail_on;
	unsigned fail_on; /* enum audit_severity; AUDIT_SEVERITIES: never */
	/* run */
	bool check; /* audit in the end, and fail if it finds something */
	const char *output;
	const char *follow;
	const char *verify;
	const char *stack;
	uint64_t depth; /* 0: the shim's default */
	bool raw;
	const char *enforce;
	const char *stop_on;
	uint64_t hold;
	bool crash_quiet; /* a crash is not explained */
	uint64_t max_size;
	bool force;
	bool keep_all;
	bool quiet;
};

/*
 * One row per command.
 *
 * @run:     gets the options and what stands behind them; returns an exit code
 * @usage:   what stands behind the name
 * @summary: one line
 * @details: paragraphs for its own help page; lines of at most 80 columns
 * @trouble: exit code for wrong usage
 */
struct command {
	const char *name;
	const char *alias; /* or NULL */
	enum command_bit bit;
	int (*run)(const struct cli_options *options, int n_operands, char **operands);
	const char *usage;
	const char *summary;
	const char *details;
	int trouble;
};

extern const struct command commands[];
extern const size_t n_commands;

/* NULL when there is no such command. */
const struct command *command_find(const char *name);

int cmd_run(const struct cli_options *options, int n_operands, char **operands);
int cmd_info(const struct cli_options *options, int n_operands, char **operands);
int cmd_map(const struct cli_options *options, int n_operands, char **operands);
int cmd_log(const struct cli_options *options, int n_operands, char **operands);
int cmd_top(const struct cli_options *options, int n_operands, char **operands);
int cmd_why(const struct cli_options *options, int n_operands, char **operands);
int cmd_diff(const struct cli_options *options, int n_operands, char **operands);
int cmd_explain(const struct cli_options *options, int n_operands, char **operands);
int cmd_audit(const struct cli_options *options, int n_operands, char **operands);
int cmd_demo(const struct cli_options *options, int n_operands, char **operands);
int cmd_verify(const struct cli_options *options, int n_operands, char **operands);
int cmd_help(const struct cli_options *options, int n_operands, char **operands);

/* The help page of one command. */
void help_command(const struct command *command);

/*
 * One row per option.
 *
 * @letter:   or 0
 * @argument: what its help calls its argument, or NULL
 * @commands: bits of the commands that have it
 * @set:      @value is NULL without an argument; returns NULL, or what is wrong
 *            with the value: the end of a sentence that begins with it
 */
struct option_row {
	const char *name;
	char letter;
	const char *argument;
	const char *help;
	unsigned commands;
	const char *(*set)(struct cli_options *options, const char *value);
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

/**
 * cli_options_parse() - read a command's arguments
 * @argv: argv[0] is skipped
 * @first: set to the place of the first operand; operands are moved to the end
 *
 * Return: false after a complaint.
 */
bool cli_options_parse(const struct command *command, int argc, char **argv,
		       struct cli_options *options, int *first);

#endif
