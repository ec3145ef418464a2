/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/options.h"
#include "cli/cli.h"
#include "cli/commands/cmd_run.h"
#include "cli/open_ledger.h"
#include "cli/report/audit_report.h"
#include "cli/report/crash_screen.h"
#include "cli/run/program.h"
#include "cli/run/run_child.h"
#include "cli/run/run_family.h"
#include "cli/run/run_output.h"
#include "cli/run/shim_environment.h"
#include "cli/text/fault_text.h"
#include "cli/text/output.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "query/compare.h"
#include "query/ledger_view.h"

struct run {
	const struct run_options *options;
	char **argv;
	const char *pattern;
	time_t when;
	struct program program;
	char shim[PATH_MAX];
	char output[PATH_MAX]; /* of the child once it runs */
};

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

/* ------------------------------------------------------------------ the summary */

/* Without the current folder in front. */
static const char *short_name(const char *path)
{
	char here[PATH_MAX];
	size_t len;

	if (getcwd(here, sizeof(here)) == NULL)
		return path;
	len = strlen(here);
	if (strncmp(path, here, len) == 0 && path[len] == '/')
		return path + len + 1;
	return path;
}

static void say_end(int status, struct text *text)
{
	const char *name;

	if (!WIFSIGNALED(status))
		return;
	name = sigabbrev_np(WTERMSIG(status));
	text_format(text, "killed by SIG%s; ", name != NULL ? name : "?");
}

/* "python3", or "python3 -> python3.11" when it executed that. */
static void say_program(const struct run *run, const struct ledger_view *view,
			const struct family *family, struct text *text)
{
	const char *slash = strrchr(run->argv[0], '/');

	text_string(text, slash != NULL ? slash + 1 : run->argv[0]);
	if (family->has_last) {
		text_string(text, " -> ");
		view_program(view, text);
	}
	text_string(text, ": ");
}

/* What the shim last had to say about something that could not be done. */
static void find_last_note(const struct ledger_view *view, char *last, size_t size)
{
	struct ledger_entry entry;

	ledger_reader_rewind(view->reader);
	while (ledger_reader_next(view->reader, &entry))
		if (entry.kind == LEDGER_NOTE && entry.note.kind == LEDGER_NOTE_DEGRADED)
			snprintf(last, size, "%s", entry.note.text);
}

static void say_why_not(const struct ledger_view *view, struct text *text)
{
	char why[512] = "";

	find_last_note(view, why, sizeof(why));
	if (why[0] == '\0' && view->header->exec_error == 0 && view_state(view) == VIEW_EXECED)
		snprintf(why, sizeof(why),
			 "it executed a program that made no ledger: one that is "
			 "statically linked, has other rights, or was started without LD_PRELOAD");
	if (why[0] == '\0')
		return;
	text_string(text, " (");
	text_name(text, why, strlen(why));
	text_char(text, ')');
}

static void say_verdict(const struct ledger_view *view, const struct findings *findings,
			struct text *text)
{
	uint64_t unexplained = vm_comparison_unexplained(&findings->comparison);
	bool verified = findings->with != COMPARED_NOTHING;
	bool checked = view->header->n_checks > 0;

	text_format(text, "%s, %s", count_word(view->replay.counts.n_calls, "call").s,
		    count_word(verified ? findings->comparison.n_runs
					: canonical_count(&view->replay.space),
			       "area")
			    .s);
	if (findings->n_checks_different > 0) {
		text_format(text,
			    ", %s WITH A DIFFERENCE from the kernel's map, the first is #%" PRIu64
			    " %s, see mapledger verify",
			    count_word(findings->n_checks_different, "CALL").s,
			    findings->first_check.event,
			    vm_op_info(findings->first_check.op)->name);
	} else if (!verified) {
		text_string(text, ", not verified");
		say_why_not(view, text);
	} else if (unexplained == 0) {
		text_string(text, ", verified equal to the kernel's map");
		if (checked)
			text_string(text, " after each call");
		if (findings->with == COMPARED_EARLIER)
			text_string(text, " when it last asked");
	} else {
		text_format(text, ", %s from the kernel's map, see mapledger verify",
			    count_word(unexplained, "UNEXPLAINED DIFFERENCE").s);
	}
	if (view->header->n_unrecorded > 0)
		text_format(text, ", %s NOT RECORDED",
			    count_word(view->header->n_unrecorded, "call").s);
	if (view->damage != NULL)
		text_format(text, ", DAMAGED: %s", view->damage);
}

/* An errno of the shim's, in its place. */
static const char *say_error(int error)
{
	switch (-error) {
	case EPERM:
		return "it had confined itself with seccomp before, and the filter might kill";
	case EFBIG:
		return "the limit on file sizes (ulimit -f, RLIMIT_FSIZE) leaves no room for a "
		       "ledger";
	case ENOSPC:
	case EDQUOT:
		return "the disk is full";
	case EMFILE:
	case ENFILE:
		return "no file could be opened (ulimit -n, RLIMIT_NOFILE)";
	case ENOMEM:
	case EAGAIN:
		return "no memory could be mapped (ulimit -v, -d or -l)";
	case ENOENT:
		return "there is no /proc, or no folder for the ledger, where it runs";
	}
	return strerror(-error);
}

/* Processes of whom there is no ledger. */
static void say_lost(const struct ledger_header *first, const struct ledger_header *header,
		     struct text *text)
{
	if (first->exec_error != 0) {
		text_format(text, "; what it executed then was NOT RECORDED: %s",
			    say_error(first->exec_error));
	}
	if (header->n_children_lost > 0) {
		text_format(text, "; %s NOT RECORDED: %s",
			    count_word(header->n_children_lost, "fork").s,
			    say_error(header->child_error));
	}
}

static void say_family(const struct family *family, bool keep_all, struct text *text)
{
	uint64_t n_dropped = keep_all ? 0 : family->n_start_up;

	if (family->n_followed > 0) {
		text_format(text, "; followed %" PRIu64 "%s%" PRIu64, family->n_followed,
			    family->n_followed == 1 ? " process, kept " : " processes, kept ",
			    family->n_followed - n_dropped);
	}
	if (n_dropped > 0) {
		text_format(text, " (%" PRIu64 " had start-up only; --keep-all keeps %s", n_dropped,
			    n_dropped == 1 ? "it)" : "them)");
	}
	if (family->n_running > 0) {
		text_format(text, "; %" PRIu64 " still running", family->n_running);
	}
	if (family->n_different > 0) {
		text_format(text,
			    "; %" PRIu64
			    " of them DIFFER from the kernel's map, see mapledger verify --all",
			    family->n_different);
	}
}

static void print_summary(const struct run *run, const struct ledger_view *view,
			  const struct findings *findings, const struct family *family,
			  const struct ledger_header *first, int status)
{
	struct text text;
	TEXT_ON_STACK(text, 1500);

	say_program(run, view, family, &text);
	say_end(status, &text);
	say_verdict(view, findings, &text);
	say_family(family, run->options->keep_all, &text);
	say_lost(first, view->header, &text);
	complain("%s; %s", text.buffer, view->name);
}

/* The program has our limits, or lower ones. */
static bool file_size_is_too_small(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       limit.rlim_cur < LEDGER_HEADER_SIZE + 2 * LEDGER_WINDOW_SIZE;
}

static void say_nothing_was_recorded(const struct run *run, int status)
{
	if (access(run->output, F_OK) == 0)
		return;
	if (file_size_is_too_small())
		complain("nothing was recorded: %s", say_error(-EFBIG));
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		complain("nothing was recorded: %s did not start; does the loader find all its "
			 "libraries?",
			 run->argv[0]);
	else
		complain("nothing was recorded: %s made no ledger; it may have ended before it "
			 "began, or could not write to %s, or was started without LD_PRELOAD by "
			 "its script or loader",
			 run->argv[0], run->output);
}

/* The screen of `mapledger explain', on stderr: stdout is the program's. */
static void explain(struct ledger_view *view)
{
	struct crash_names names;
	struct crash crash;

	crash_find(&crash, view);
	crash_names_read(&names, view, &crash);
	fputc('\n', stderr);
	crash_print(stderr, view, &crash, &names, false);
	crash_names_free(&names);
	crash_free(&crash);
}

/* SIGKILL and its like need no explanation, and have none. */
static void explain_end(struct ledger_view *view, int signal)
{
	if (fault_is_met(&view->header->fault))
		explain(view);
	else if (signal == SIGSEGV || signal == SIGBUS)
		complain("where it crashed was not seen: the signal was blocked, no stack was "
			 "left for a handler, or the program had confined itself; with a core "
			 "file: mapledger explain --core CORE %s",
			 view->name);
}

/* What the first process was at its end. */
static void summarize(const struct run *run, const struct family *family,
		      const struct ledger_header *first, int status)
{
	const char *path = family->has_last ? family->last : run->output;
	struct findings findings = { 0 };
	struct ledger_view view;

	if (!open_view(&view, path, short_name(path)))
		return;
	compare_recorded(&view, &findings);
	print_summary(run, &view, &findings, family, first, status);
	if (run->options->on_crash == ON_CRASH_EXPLAIN && WIFSIGNALED(status))
		explain_end(&view, WTERMSIG(status));
	findings_free(&findings);
	view_close(&view);
}

/* "rnd (process 12012) was killed by SIGSEGV" */
static void say_crash(const struct ledger_view *view, const struct family_crash *crash,
		      struct text *text)
{
	view_program(view, text);
	text_format(text, " (process %" PRIu32 ") was killed by ", crash->pid);
	text_signal(text, crash->signal);
	if (crash->n > 1)
		text_format(text, ", the last of %" PRIu64 " that crashed", crash->n);
}

/* Shells end with this when what they ran last was killed: then that is what is asked about. */
static bool passes_on(int status, uint32_t signal)
{
	return WIFEXITED(status) && (uint32_t)WEXITSTATUS(status) == 128 + signal;
}

static void summarize_crash_of_child(const struct run *run, pid_t pid, int status)
{
	struct family_crash crash;
	struct ledger_view view;
	struct text text;
	TEXT_ON_STACK(text, 300);

	if (!family_find_crash(run->output, pid, &crash) ||
	    !open_view(&view, crash.path, short_name(crash.path)))
		return;
	say_crash(&view, &crash, &text);
	complain("%s; mapledger explain %s", text.buffer, view.name);
	if (run->options->on_crash == ON_CRASH_EXPLAIN && passes_on(status, crash.signal))
		explain(&view);
	view_close(&view);
}

/* ------------------------------------------------------------------------ --check */

/* Findings of one ledger, on stderr. Return: are there any at or above --fail-on? */
static bool check_ledger(const struct run *run, const char *path, const char *sarif)
{
	const struct audit_report_options *options = &run->options->audit;
	struct audit_report report;
	struct ledger_view view;
	bool fails = true;

	if (!open_view(&view, path, short_name(path)))
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
		say_nothing_was_recorded(run, status);
		return run->options->check && ended_well(status) ? CLI_CHECK_FAILED << 8 : status;
	}
	ledger_trim(run->output);
	family_tidy(run->output, pid, run->options->keep_all, &family);
	if (!run->options->quiet) {
		summarize(run, &family, &header, status);
		summarize_crash_of_child(run, pid, status);
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
