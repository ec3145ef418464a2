/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/commands/cmd_run.h"
#include "cli/commands/run_summary.h"
#include "cli/options/open_ledger.h"
#include "cli/report/audit_report.h"
#include "cli/report/audit_sarif.h"
#include "cli/report/audit_screen.h"
#include "cli/run/run_child.h"
#include "cli/run/run_output.h"
#include "cli/run/shim_environment.h"
#include "cli/text/output.h"

/* ----------------------------------------------------------------------- options */

/* "enforce:wx,clobber": each word once. */
static const char *parse_policy(const char *value, void *field)
{
	static const char prefix[] = "enforce:";
	static const char wrong[] = "is not enforce:wx, enforce:clobber or enforce:wx,clobber";
	const char *word = value + sizeof(prefix) - 1;
	unsigned seen = 0;

	if (strncmp(value, prefix, sizeof(prefix) - 1) != 0)
		return wrong;
	*(const char **)field = word;
	for (;; word++) {
		size_t len = strcspn(word, ",");
		int place = options_find_word(option_table[OPTION_ENFORCE].values, ',', word, len);

		if (place < 0 || (seen & 1u << place))
			return wrong;
		seen |= 1u << place;
		word += len;
		if (*word == '\0')
			return NULL;
	}
}

static const char *parse_stop_on(const char *value, void *field)
{
	*(const char **)field = value;
	if (options_find_word(option_table[OPTION_STOP].values, ',', value, strlen(value)) >= 0)
		return NULL;
	return "is not one of P03, U01, U04, U08, W01: other rules are judged afterwards";
}

/* What the option says is an option of the shim's, too. */
#define HANDED_ON(id) .setting = &option_table[id]

static const struct option_row rows[] = {
	{ "output", 'o', "PATTERN",
	  "where the ledger goes; %p pid, %e program, %n times this pid was used before, "
	  "%t start time, %h host, %q{NAME} variable, %% percent "
	  "(default mapledger.%e.%p.mlg)",
	  OPTION_TEXT(struct run_options, output), .wrong = "is no file name" },
	{ "force", 0, NULL, "overwrite an older ledger of the same name",
	  OPTION_FLAG(struct run_options, force) },
	{ "max-size", 0, "SIZE",
	  "of one ledger; when it is full, the oldest history is overwritten (default 256M)",
	  OPTION_SIZE(struct run_options, max_size), HANDED_ON(OPTION_MAX_SIZE),
	  .min = LEDGER_HEADER_SIZE + 2ull * LEDGER_WINDOW_SIZE,
	  .wrong = "is too small; the smallest ledger has 2052K" },
	{ "follow", 0, NULL,
	  "record children and what they execute, children only, or neither (default all)",
	  OPTION_SETTING(struct run_options, follow, OPTION_FOLLOW) },
	{ "raw", 0, NULL,
	  "catch system calls from anywhere, by Syscall User Dispatch; slows down those that are "
	  "not made by libc",
	  OPTION_FLAG(struct run_options, raw), HANDED_ON(OPTION_RAW) },
	{ "verify", 0, NULL,
	  "compare with the kernel's map after each call and at exit, at exit, or never "
	  "(default exit)",
	  OPTION_SETTING(struct run_options, verify, OPTION_VERIFY) },
	{ "stack", 0, NULL,
	  "record which stack made each call: by unwind tables, by frame pointers alone, or not "
	  "(default unwind)",
	  OPTION_SETTING(struct run_options, stack, OPTION_STACK) },
	{ "depth", 0, "N", "frames of each stack, from the call outwards (default 16)",
	  OPTION_NUMBER(struct run_options, depth), HANDED_ON(OPTION_DEPTH), .min = 1,
	  .max = OPTIONS_DEPTH_MAX, .wrong = "is not a number of frames from 1 to 64" },
	{ "on-crash", 0, "explain|quiet",
	  "explain why the program crashed, or say only that it did (default explain)",
	  OPTION_WORD(struct run_options, on_crash, enum on_crash) },
	{ "hold-unmapped", 0, "SIZE",
	  "keep so much of what the program unmaps reserved, so that stale use faults and is "
	  "explained; changes what the program experiences",
	  OPTION_SIZE(struct run_options, hold), HANDED_ON(OPTION_HOLD) },
	{ "policy", 0, "enforce:wx,clobber",
	  "refuse memory that is writable and executable (EACCES), MAP_FIXED over live memory of "
	  "another owner (EEXIST); changes what the program experiences",
	  OPTION_PARSED(struct run_options, enforce, parse_policy), HANDED_ON(OPTION_ENFORCE) },
	{ "stop-on", 0, "RULE",
	  "SIGTRAP, for a debugger, behind the call in which P03, U01, U04, U08 or W01 finds "
	  "something",
	  OPTION_PARSED(struct run_options, stop, parse_stop_on), HANDED_ON(OPTION_STOP) },
	{ "check", 0, NULL,
	  "audit in the end; if there are findings and the program ended well, exit with 99",
	  OPTION_FLAG(struct run_options, check) },
	AUDIT_ROW(struct run_options, FAIL_ON),
	AUDIT_ROW(struct run_options, SUPPRESSIONS),
	AUDIT_ROW(struct run_options, BASELINE),
	AUDIT_ROW(struct run_options, SARIF),
	AUDIT_ROW(struct run_options, ENABLE),
	{ "keep-all", 0, NULL, "keep ledgers of children that did nothing but start up",
	  OPTION_FLAG(struct run_options, keep_all) },
	{ "quiet", 'q', NULL, "no summary at the end", OPTION_FLAG(struct run_options, quiet) },
	COMMON_ROW(struct run_options, HELP),
};

/* ":verify=each", if that was given. */
static void hand_on(const struct option_row *row, const struct run_options *options, FILE *stream)
{
	const void *field = option_field(row, options);
	uint64_t number = 0;
	const char *words = NULL;

	if (row->setting == NULL)
		return;
	if (row->kind == OPTION_KIND_FLAG)
		number = *(const bool *)field;
	else if (row->kind == OPTION_KIND_NUMBER || row->kind == OPTION_KIND_SIZE)
		number = *(const uint64_t *)field;
	else
		words = *(const char *const *)field;
	if (words != NULL)
		fprintf(stream, ":%s=%s", row->setting->name, words);
	else if (number != 0)
		fprintf(stream, ":%s=%" PRIu64, row->setting->name, number);
}

/* All of them; to be freed. NULL: no memory. */
static char *settings_of(const struct run_options *options)
{
	char *settings = NULL;
	size_t size;
	FILE *stream = open_memstream(&settings, &size);

	if (stream == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		hand_on(&rows[i], options, stream);
	return fclose(stream) == 0 ? settings : NULL;
}

/* ---------------------------------------------------------------------- the start */

static bool expand_output(const struct run *run, pid_t pid, char output[PATH_MAX])
{
	struct run_names names = { .program = run->argv[0], .pid = pid, .when = run->when };
	const char *wrong = run_output_expand(run->pattern, &names, output);

	if (wrong != NULL)
		complain("run: --output: '%s' %s", run->pattern, wrong);
	return wrong == NULL;
}

/* In the child. */
static int prepare(void *context)
{
	const struct run *run = context;
	char output[PATH_MAX];
	char *settings = settings_of(run->options);
	bool good = settings != NULL && expand_output(run, getpid(), output) &&
		    run_output_check(output, run->options->force) &&
		    shim_environment_set(run->shim, output, settings);

	free(settings);
	return good ? 0 : CLI_RUN_FAILED;
}

/* ------------------------------------------------------------------------ --check */

/* Findings of one ledger, on stderr. Return: are there any at or above --fail-on? */
static bool check_ledger(const struct run *run, const char *path, const char *sarif)
{
	const struct audit_report_options *options = &run->options->audit;
	struct audit_report report;
	struct ledger_view view;
	bool fails = true;

	if (!open_view(&view, path, run_short_name(path)))
		return true;
	if (audit_report_make(&report, &view, options)) {
		if (report.n > report.n_suppressed + report.n_old)
			fprintf(stderr, "\nmapledger: findings in %s:\n\n", view.name);
		audit_print(stderr, &report, false);
		fails = audit_report_fails(&report, options, AUDIT_ERROR);
		if (sarif != NULL && !audit_write_sarif_file(sarif, &report))
			fails = true;
	}
	audit_report_free(&report);
	view_close(&view);
	return fails;
}

/* The program's own ledger and those of its children that were kept. */
static bool check_family(const struct run *run)
{
	struct ledger_list children;
	char folder[PATH_MAX];
	bool fails = check_ledger(run, run->output, run->options->audit.sarif);

	ledger_children_folder(run->output, folder);
	children = ledger_list_folder(folder);
	for (size_t i = 0; i < children.n; i++)
		if (check_ledger(run, children.paths[i], NULL))
			fails = true;
	ledger_list_free(&children);
	return fails;
}

static bool ended_well(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Return: the status to end with: the program's, unless only the check failed. */
static int report(const struct run *run, pid_t pid, int status)
{
	struct ledger_header header;
	struct family family;

	if (!ledger_header_read(run->output, &header)) {
		run_say_nothing_was_recorded(run, status);
		return run->options->check && ended_well(status) ? CLI_CHECK_FAILED << 8 : status;
	}
	ledger_trim(run->output);
	family_tidy(run->output, pid, run->options->keep_all, &family);
	if (!run->options->quiet) {
		run_summarize(run, &family, &header, status);
		run_summarize_crash_of_child(run, pid, status);
	}
	if (run->options->check && check_family(run) && ended_well(status))
		return CLI_CHECK_FAILED << 8;
	return status;
}

/* ------------------------------------------------------------------ the command */

/* What can be known before anything is started. */
static int check(struct run *run)
{
	char output[PATH_MAX];
	int code = program_find(run->argv[0], &run->program);

	if (code != 0)
		return code;
	if (!shim_find(run->shim))
		return CLI_RUN_FAILED;
	/* With our own pid in place of the child's: bad words, a missing folder. */
	if (!expand_output(run, getpid(), output) || !run_output_check_folder(output))
		return CLI_RUN_FAILED;
	return 0;
}

int run_and_record(const struct run_options *options, int n_operands, char **operands)
{
	struct run run = { .options = options, .argv = operands, .when = time(NULL) };
	struct run_plan plan = { .argv = operands, .prepare = prepare, .context = &run };
	pid_t pid;
	int status;
	int code;

	if (n_operands == 0) {
		complain("run: name a program; see: mapledger help run");
		return CLI_RUN_FAILED;
	}
	run.pattern = options->output != NULL ? options->output : RUN_OUTPUT_DEFAULT;
	plan.path = run.program.path;
	code = check(&run);
	if (code == 0)
		code = run_child_start(&plan, &pid);
	if (code != 0)
		return code;
	status = run_child_wait(pid);
	if (expand_output(&run, pid, run.output))
		status = report(&run, pid, status);
	run_child_end_alike(status);
}

static int cmd_run(const void *options, int n_operands, char **operands)
{
	return run_and_record(options, n_operands, operands);
}

const struct command command_run = {
	.name = "run",
	.alias = "record",
	.usage = "[OPTION...] [--] PROGRAM [ARGUMENT...]",
	.summary = "record a program in a ledger",
	.details =
		"The program runs as it would without mapledger: same input and output, same\n"
		"terminal, same exit status. At its end one line on stderr says what was "
		"recorded.\n"
		"When it crashed, it is explained why; when a child did, another line says which. "
		"A\n"
		"child's crash is explained, too, where the program passes its status on (128 + "
		"N).\n"
		"\n"
		"Children go to FILE.d/, one ledger each. A child's ledger is removed when the "
		"child\n"
		"did nothing but start up: it made no call at all, or it made at most 100 calls, "
		"all\n"
		"from inside libc and the loader, ended by itself or by executing something, and "
		"its\n"
		"map was the kernel's. --keep-all keeps these, too. When the program itself "
		"executes\n"
		"another, that one's ledger is in FILE.d/ and is kept.\n"
		"\n"
		"Exit status: the program's; 128 + N in a shell when signal N killed it; 125 when\n"
		"mapledger can't record it, 126 when it can't be executed, 127 when there is no "
		"such\n"
		"program.\n",
	COMMAND_OPTIONS(struct run_options, rows),
	.keeps_order = true,
	.run = cmd_run,
	.trouble = CLI_RUN_FAILED,
};
