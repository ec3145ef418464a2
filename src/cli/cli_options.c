/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "audit/audit.h"
#include "base/options.h"
#include "cli/cli.h"
#include "query/filter.h"
#include "cli/text/output.h"
#include "ledger/ledger_format.h"
#include "vma/vm_flags.h"

/* ---------------------------------------------------- one setter per option */

static const char *set_help(struct cli_options *options, const char *value)
{
	(void)value;
	options->help = true;
	return NULL;
}

static const char *set_at(struct cli_options *options, const char *value)
{
	return syntax_parse_moment(value, &options->at);
}

static const char *set_since(struct cli_options *options, const char *value)
{
	options->filter.has_since = true;
	return syntax_parse_moment(value, &options->filter.since);
}

static const char *set_until(struct cli_options *options, const char *value)
{
	options->filter.has_until = true;
	return syntax_parse_moment(value, &options->filter.until);
}

static const char *set_range(struct cli_options *options, const char *value)
{
	return syntax_parse_place(value, &options->filter.range);
}

static const char *set_calls(struct cli_options *options, const char *value)
{
	return syntax_parse_calls(value, &options->filter.calls);
}

static const char *set_failed(struct cli_options *options, const char *value)
{
	(void)value;
	options->filter.failed = true;
	return NULL;
}

static const char *set_ok(struct cli_options *options, const char *value)
{
	(void)value;
	options->filter.ok = true;
	return NULL;
}

static const char *set_writable(struct cli_options *options, const char *value)
{
	(void)value;
	options->filter.perm |= VM_WRITE;
	return NULL;
}

static const char *set_executable(struct cli_options *options, const char *value)
{
	(void)value;
	options->filter.perm |= VM_EXEC;
	return NULL;
}

static const char *set_became(struct cli_options *options, const char *value)
{
	return syntax_parse_perm(value, &options->filter.became);
}

static const char *set_lost(struct cli_options *options, const char *value)
{
	return syntax_parse_perm(value, &options->filter.lost);
}

static const char *set_kind(struct cli_options *options, const char *value)
{
	return filter_parse_kinds(value, &options->filter.kinds);
}

static const char *set_size(struct cli_options *options, const char *value)
{
	options->filter.has_sizes = true;
	return syntax_parse_size_range(value, &options->filter.sizes);
}

static const char *set_from(struct cli_options *options, const char *value)
{
	if (*value == '\0')
		return "is no regular expression";
	options->filter.from = value;
	return NULL;
}

static const char *set_module(struct cli_options *options, const char *value)
{
	if (*value == '\0')
		return "is no name of a file";
	options->filter.module = value;
	return NULL;
}

static const char *set_tid(struct cli_options *options, const char *value)
{
	uint64_t tid;

	if (!syntax_parse_number(value, &tid) || tid == 0 || tid > INT32_MAX)
		return "is not a thread id; mapledger log shows them as t4242";
	options->filter.tid = (uint32_t)tid;
	return NULL;
}

static const char *set_lines_after(struct cli_options *options, const char *value)
{
	return syntax_parse_number(value, &options->lines_after) ? NULL : "is not a number";
}

static const char *set_lines_before(struct cli_options *options, const char *value)
{
	return syntax_parse_number(value, &options->lines_before) ? NULL : "is not a number";
}

static const char *set_lines_around(struct cli_options *options, const char *value)
{
	const char *wrong = set_lines_after(options, value);

	options->lines_before = options->lines_after;
	return wrong;
}

static const char *set_area(struct cli_options *options, const char *value)
{
	(void)value;
	options->area = true;
	return NULL;
}

static const char *set_stacks(struct cli_options *options, const char *value)
{
	(void)value;
	options->stacks = true;
	return NULL;
}

static const char *set_relative(struct cli_options *options, const char *value)
{
	(void)value;
	options->relative = true;
	return NULL;
}

static const char *set_folded(struct cli_options *options, const char *value)
{
	(void)value;
	options->folded = true;
	return NULL;
}

static const char *set_by(struct cli_options *options, const char *value)
{
	static const char *const words[] = {
		[TOP_BY_LIVE] = "live",	  [TOP_BY_LIVE_BYTES] = "live-bytes",
		[TOP_BY_CALLS] = "calls", [TOP_BY_FAILED] = "failed",
		[TOP_BY_BYTES] = "bytes",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) != 0)
			continue;
		options->by = (enum top_by)i;
		return NULL;
	}
	return "is not one of live, live-bytes, calls, failed, bytes";
}

static const char *set_sysroot(struct cli_options *options, const char *value)
{
	size_t len = strlen(value);

	if (len == 0)
		return "is no folder";
	options->sysroot = len == 1 && value[0] == '/' ? NULL : value;
	return NULL;
}

static const char *set_long(struct cli_options *options, const char *value)
{
	(void)value;
	options->long_rows = true;
	return NULL;
}

static const char *set_pid(struct cli_options *options, const char *value)
{
	uint64_t pid;

	if (!syntax_parse_number(value, &pid) || pid == 0 || pid > INT32_MAX)
		return "is not a process id";
	options->pid = (pid_t)pid;
	return NULL;
}

static const char *set_count(struct cli_options *options, const char *value)
{
	options->has_count = true;
	return syntax_parse_number(value, &options->count) ? NULL : "is not a number";
}

static const char *set_gaps(struct cli_options *options, const char *value)
{
	(void)value;
	options->gaps = true;
	return NULL;
}

static const char *set_bytes(struct cli_options *options, const char *value)
{
	(void)value;
	options->bytes = true;
	return NULL;
}

static const char *set_json(struct cli_options *options, const char *value)
{
	(void)value;
	options->json = true;
	return NULL;
}

static const char *set_all(struct cli_options *options, const char *value)
{
	(void)value;
	options->all = true;
	return NULL;
}

static const char *set_map_format(struct cli_options *options, const char *value)
{
	if (strcmp(value, "table") == 0)
		options->format = FORMAT_DEFAULT;
	else if (strcmp(value, "maps") == 0)
		options->format = FORMAT_MAPS;
	else
		return "is not a format of map; use table or maps";
	return NULL;
}

static const char *set_log_format(struct cli_options *options, const char *value)
{
	if (strcmp(value, "table") == 0)
		options->format = FORMAT_DEFAULT;
	else if (strcmp(value, "strace") == 0)
		options->format = FORMAT_STRACE;
	else if (strcmp(value, "jsonl") == 0)
		options->json = true;
	else if (strcmp(value, "csv") == 0)
		options->format = FORMAT_CSV;
	else
		return "is not a format of log; use table, strace, jsonl or csv";
	return NULL;
}

static const char *set_color(struct cli_options *options, const char *value)
{
	if (strcmp(value, "auto") == 0)
		options->color = COLOR_AUTO;
	else if (strcmp(value, "always") == 0)
		options->color = COLOR_ALWAYS;
	else if (strcmp(value, "never") == 0)
		options->color = COLOR_NEVER;
	else
		return "is not one of auto, always, never";
	return NULL;
}

static const char *set_output(struct cli_options *options, const char *value)
{
	if (*value == '\0')
		return "is no file name";
	options->output = value;
	return NULL;
}

static const char *set_force(struct cli_options *options, const char *value)
{
	(void)value;
	options->force = true;
	return NULL;
}

static const char *set_max_size(struct cli_options *options, const char *value)
{
	if (!syntax_parse_size(value, value + strlen(value), &options->max_size) ||
	    options->max_size == 0)
		return "is not a size; write for example 64M or 1G";
	if (options->max_size < LEDGER_HEADER_SIZE + 2ull * LEDGER_WINDOW_SIZE)
		return "is too small; the smallest ledger has 2052K";
	return NULL;
}

static const char *set_follow(struct cli_options *options, const char *value)
{
	if (strcmp(value, "all") != 0 && strcmp(value, "fork") != 0 && strcmp(value, "none") != 0)
		return "is not one of all, fork, none";
	options->follow = value;
	return NULL;
}

static const char *set_raw(struct cli_options *options, const char *value)
{
	(void)value;
	options->raw = true;
	return NULL;
}

static const char *set_verify(struct cli_options *options, const char *value)
{
	if (strcmp(value, "each") != 0 && strcmp(value, "exit") != 0 && strcmp(value, "off") != 0)
		return "is not one of each, exit, off";
	options->verify = value;
	return NULL;
}

static const char *set_stack(struct cli_options *options, const char *value)
{
	if (strcmp(value, "unwind") != 0 && strcmp(value, "fp") != 0 && strcmp(value, "none") != 0)
		return "is not one of unwind, fp, none";
	options->stack = value;
	return NULL;
}

static const char *set_depth(struct cli_options *options, const char *value)
{
	if (!syntax_parse_number(value, &options->depth) || options->depth == 0 ||
	    options->depth > OPTIONS_DEPTH_MAX)
		return "is not a number of frames from 1 to 64";
	return NULL;
}

static const char *set_core(struct cli_options *options, const char *value)
{
	options->core = value;
	return NULL;
}

static const char *set_explain_rule(struct cli_options *options, const char *value)
{
	options->explain_rule = value;
	return NULL;
}

static const char *set_suppressions(struct cli_options *options, const char *value)
{
	options->suppressions = value;
	return NULL;
}

static const char *set_gen_suppressions(struct cli_options *options, const char *value)
{
	(void)value;
	options->gen_suppressions = true;
	return NULL;
}

static const char *set_baseline(struct cli_options *options, const char *value)
{
	options->baseline = value;
	return NULL;
}

static const char *set_sarif(struct cli_options *options, const char *value)
{
	options->sarif = value;
	return NULL;
}

static const char *set_fail_on(struct cli_options *options, const char *value)
{
	options->has_fail_on = true;
	for (options->fail_on = 0; options->fail_on < AUDIT_SEVERITIES; options->fail_on++)
		if (strcmp(value, audit_severity_name(options->fail_on)) == 0)
			return NULL;
	return strcmp(value, "never") == 0 ? NULL : "is not one of error, warning, note, never";
}

static const char *set_enable(struct cli_options *options, const char *value)
{
	const struct audit_rule *rule = audit_rule_find(value);

	if (rule == NULL)
		return "is not a rule; see: mapledger audit --explain all";
	options->optional_rules |= 1ULL << (rule - audit_rules);
	return NULL;
}

static const char *set_check(struct cli_options *options, const char *value)
{
	(void)value;
	options->check = true;
	return NULL;
}

static const char *set_hold_unmapped(struct cli_options *options, const char *value)
{
	if (!syntax_parse_size(value, value + strlen(value), &options->hold) || options->hold == 0)
		return "is not a size; write for example 64M or 1G";
	return NULL;
}

static const char *set_policy(struct cli_options *options, const char *value)
{
	static const char prefix[] = "enforce:";
	const char *words = value + sizeof(prefix) - 1;

	if (strncmp(value, prefix, sizeof(prefix) - 1) != 0 ||
	    (strcmp(words, "wx") != 0 && strcmp(words, "clobber") != 0 &&
	     strcmp(words, "wx,clobber") != 0 && strcmp(words, "clobber,wx") != 0))
		return "is not enforce:wx, enforce:clobber or enforce:wx,clobber";
	options->enforce = words;
	return NULL;
}

static const char *set_stop_on(struct cli_options *options, const char *value)
{
	static const char *const rules[] = { "P03", "U01", "U04", "U08", "W01" };

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(value, rules[i]) == 0) {
			options->stop_on = value;
			return NULL;
		}
	return "is not one of P03, U01, U04, U08, W01: other rules are judged afterwards";
}

static const char *set_on_crash(struct cli_options *options, const char *value)
{
	if (strcmp(value, "explain") != 0 && strcmp(value, "quiet") != 0)
		return "is not one of explain, quiet";
	options->crash_quiet = value[0] == 'q';
	return NULL;
}

static const char *set_keep_all(struct cli_options *options, const char *value)
{
	(void)value;
	options->keep_all = true;
	return NULL;
}

static const char *set_quiet(struct cli_options *options, const char *value)
{
	(void)value;
	options->quiet = true;
	return NULL;
}

/* In the order of the help pages. */
const struct option_row option_rows[] = {
	{ "output", 'o', "PATTERN",
	  "where the ledger goes; %p pid, %e program, %n times this pid was used before, "
	  "%t start time, %h host, %q{NAME} variable, %% percent "
	  "(default mapledger.%e.%p.mlg)",
	  COMMAND_RUN, set_output },
	{ "force", 0, NULL, "overwrite an older ledger of the same name", COMMAND_RUN, set_force },
	{ "max-size", 0, "SIZE",
	  "of one ledger; when it is full, the oldest history is overwritten (default 256M)",
	  COMMAND_RUN, set_max_size },
	{ "follow", 0, "all|fork|none",
	  "record children and what they execute, children only, or neither (default all)",
	  COMMAND_RUN, set_follow },
	{ "raw", 0, NULL,
	  "catch system calls from anywhere, by Syscall User Dispatch; slows down those that are "
	  "not made by libc",
	  COMMAND_RUN, set_raw },
	{ "verify", 0, "each|exit|off",
	  "compare with the kernel's map after each call and at exit, at exit, or never "
	  "(default exit)",
	  COMMAND_RUN, set_verify },
	{ "stack", 0, "unwind|fp|none",
	  "record which stack made each call: by unwind tables, by frame pointers alone, or not "
	  "(default unwind)",
	  COMMAND_RUN, set_stack },
	{ "depth", 0, "N", "frames of each stack, from the call outwards (default 16)", COMMAND_RUN,
	  set_depth },
	{ "on-crash", 0, "explain|quiet",
	  "explain why the program crashed, or say only that it did (default explain)", COMMAND_RUN,
	  set_on_crash },
	{ "core", 0, "CORE", "what the process's core file says, beside what the ledger knows",
	  COMMAND_EXPLAIN, set_core },
	{ "hold-unmapped", 0, "SIZE",
	  "keep so much of what the program unmaps reserved, so that stale use faults and is "
	  "explained; changes what the program experiences",
	  COMMAND_RUN, set_hold_unmapped },
	{ "policy", 0, "enforce:wx,clobber",
	  "refuse memory that is writable and executable (EACCES), MAP_FIXED over live memory of "
	  "another owner (EEXIST); changes what the program experiences",
	  COMMAND_RUN, set_policy },
	{ "stop-on", 0, "RULE",
	  "SIGTRAP, for a debugger, behind the call in which P03, U01, U04, U08 or W01 finds "
	  "something",
	  COMMAND_RUN, set_stop_on },
	{ "check", 0, NULL,
	  "audit in the end; if there are findings and the program ended well, exit with 99",
	  COMMAND_RUN, set_check },
	{ "fail-on", 0, "error|warning|note|never",
	  "the least severe finding that makes the exit status say so (default warning; of run "
	  "--check: error)",
	  COMMAND_AUDIT | COMMAND_RUN, set_fail_on },
	{ "explain", 0, "RULE", "what a rule means, why it matters, what to try; or: all",
	  COMMAND_AUDIT, set_explain_rule },
	{ "supp", 0, "FILE", "findings to pass over: lines of RULE:fun|obj|src|path:GLOB",
	  COMMAND_AUDIT | COMMAND_RUN, set_suppressions },
	{ "gen-suppressions", 0, NULL, "print such lines for all findings", COMMAND_AUDIT,
	  set_gen_suppressions },
	{ "baseline", 0, "FILE", "a SARIF file: findings that are in it do not count",
	  COMMAND_AUDIT | COMMAND_RUN, set_baseline },
	{ "sarif", 0, "FILE", "also write the findings as SARIF 2.1.0", COMMAND_AUDIT | COMMAND_RUN,
	  set_sarif },
	{ "enable", 0, "RULE", "use a rule that is off by default (P04)",
	  COMMAND_AUDIT | COMMAND_RUN, set_enable },
	{ "keep-all", 0, NULL, "keep ledgers of children that did nothing but start up",
	  COMMAND_RUN, set_keep_all },
	{ "quiet", 'q', NULL, "no summary at the end", COMMAND_RUN, set_quiet },
	{ "pid", 'p', "PID", "the ledger of a running process", COMMAND_LOOKERS, set_pid },
	{ "at", 0, "MOMENT",
	  "the map at this moment: 42 (after event 42), -10, start, main, crash, end, @1.25s, "
	  "@250ms, mark:NAME (default end)",
	  COMMAND_MAP | COMMAND_WHY, set_at },
	{ "at", 0, "MOMENT", "of two ledgers: both at this moment (default end)", COMMAND_DIFF,
	  set_at },
	{ "rel", 0, NULL, "for two runs: by file, offset and who mapped it, not by address",
	  COMMAND_DIFF, set_relative },
	{ "area", 0, NULL, "not of the page alone: of the whole area that it lies in", COMMAND_WHY,
	  set_area },
	{ "range", 0, "PLACE",
	  "only what touches it: ADDR, A-B, A+SIZE, lib:libssl, path:'*.db', [heap], [stack], "
	  "stack:TID, area:N, sym:NAME",
	  COMMAND_MAP | COMMAND_LOG, set_range },
	{ "since", 0, "MOMENT", "only what came after it; moments are written as for map --at",
	  COMMAND_LOG | COMMAND_TOP, set_since },
	{ "until", 0, "MOMENT", "only what came up to it", COMMAND_LOG | COMMAND_TOP, set_until },
	{ "calls", 'e', "NAMES",
	  "only these events: mmap,munmap or !madvise or %mem, %process, resync",
	  COMMAND_LOG | COMMAND_TOP, set_calls },
	{ "failed", 'Z', NULL, "only calls that failed", COMMAND_LOG | COMMAND_TOP, set_failed },
	{ "ok", 'z', NULL, "only calls that succeeded", COMMAND_LOG | COMMAND_TOP, set_ok },
	{ "writable", 'w', NULL, "only areas, or calls about areas, that can be written",
	  COMMAND_MAP | COMMAND_LOG, set_writable },
	{ "executable", 'x', NULL, "only such that can be executed; -wx: both at once",
	  COMMAND_MAP | COMMAND_LOG, set_executable },
	{ "became", 0, "rwx", "only calls after which pages could be read, written, executed",
	  COMMAND_LOG | COMMAND_TOP, set_became },
	{ "lost", 0, "rwx", "only calls after which they no longer could",
	  COMMAND_LOG | COMMAND_TOP, set_lost },
	{ "kind", 0, "KINDS",
	  "only these: anon, file, text, data, heap, stack, guard, reserve, shm, memfd, hugetlb, "
	  "jit (made to be executed, of no file)",
	  COMMAND_MAP | COMMAND_LOG, set_kind },
	{ "size", 0, "SIZE",
	  "only areas, or calls about ranges, of this size: '>=1M', '<8K', 4K-1M",
	  COMMAND_MAP | COMMAND_LOG, set_size },
	{ "from", 0, "REGEX", "only calls made in, or below, a function whose name matches",
	  COMMAND_LOG | COMMAND_TOP, set_from },
	{ "module", 0, "GLOB", "only calls made in, or below, a file of this name: 'libssl.so*'",
	  COMMAND_LOG, set_module },
	{ "module", 0, "GLOB", "only areas that show a file of this name: 'libssl.so*'",
	  COMMAND_MAP, set_module },
	{ "tid", 0, "TID", "only calls of this thread", COMMAND_LOG | COMMAND_TOP, set_tid },
	{ "by", 0, "WHAT",
	  "sort by live (areas that are there in the end), live-bytes, calls, failed or bytes "
	  "(touched by all calls; default live)",
	  COMMAND_TOP, set_by },
	{ "folded", 0, NULL, "whole stacks and numbers, as flamegraph.pl and speedscope read them",
	  COMMAND_TOP, set_folded },
	{ "count", 'n', "N", "how many call sites (default 20)", COMMAND_TOP, set_count },
	{ "tail", 'n', "N", "only the last N lines", COMMAND_LOG | COMMAND_WHY, set_count },
	{ "after-context", 'A', "N", "also N lines after each", COMMAND_LOG, set_lines_after },
	{ "before-context", 'B', "N", "also N lines before each", COMMAND_LOG, set_lines_before },
	{ "context", 'C', "N", "both", COMMAND_LOG, set_lines_around },
	{ "format", 0, "table|maps", "a table, or lines as in /proc/PID/maps (default table)",
	  COMMAND_MAP, set_map_format },
	{ "format", 0, "table|strace|jsonl|csv",
	  "a table, lines as strace prints them, or for programs (default table)", COMMAND_LOG,
	  set_log_format },
	{ "gaps", 0, NULL, "show what is not mapped, too", COMMAND_MAP, set_gaps },
	{ "long", 'l', NULL, "offset, file, flags and the source of each area, too", COMMAND_MAP,
	  set_long },
	{ "all", 0, NULL, "the ledgers of its children, too", COMMAND_VERIFY, set_all },
	{ "all", 0, NULL, "every event, however many", COMMAND_WHY, set_all },
	{ "bt", 0, NULL, "the whole stack of each call", COMMAND_LOG | COMMAND_WHY, set_stacks },
	{ "sysroot", 0, "DIR",
	  "the programs and libraries of the recorded machine are below this folder: for names in "
	  "stacks",
	  COMMAND_MAP | COMMAND_LOG | COMMAND_WHY | COMMAND_DIFF | COMMAND_EXPLAIN | COMMAND_TOP,
	  set_sysroot },
	{ "bytes", 0, NULL, "exact sizes",
	  COMMAND_INFO | COMMAND_MAP | COMMAND_LOG | COMMAND_VERIFY | COMMAND_WHY | COMMAND_DIFF,
	  set_bytes },
	{ "json", 0, NULL, "one JSON object per line, addresses as strings", COMMAND_LOOKERS,
	  set_json },
	{ "color", 0, "auto|always|never", "colour the output (default auto: on a terminal)",
	  COMMAND_LOOKERS, set_color },
	{ "help", 'h', NULL, "this page", COMMAND_ALL, set_help },
};
const size_t n_option_rows = sizeof(option_rows) / sizeof(option_rows[0]);

/* ------------------------------------------------------------------ parsing */

#define MAX_OPTIONS 40
#define FIRST_VALUE 256 /* of getopt's val: behind every letter */

/* The rows of one command as getopt_long wants them. */
struct getopt_tables {
	char letters[3 * MAX_OPTIONS];
	struct option longs[MAX_OPTIONS];
};

static void make_tables(const struct command *command, struct getopt_tables *tables)
{
	size_t n_letters = 0;
	size_t n = 0;

	/* `+': what stands behind run's program is the program's. `:': see below. */
	if (command->bit == COMMAND_RUN)
		tables->letters[n_letters++] = '+';
	tables->letters[n_letters++] = ':';
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (!(row->commands & command->bit))
			continue;
		tables->longs[n++] = (struct option){
			.name = row->name,
			.has_arg = row->argument != NULL ? required_argument : no_argument,
			.val = FIRST_VALUE + (int)i,
		};
		if (row->letter == 0)
			continue;
		tables->letters[n_letters++] = row->letter;
		if (row->argument != NULL)
			tables->letters[n_letters++] = ':';
	}
	tables->letters[n_letters] = '\0';
	tables->longs[n] = (struct option){ 0 };
}

static const struct option_row *row_of(const struct command *command, int value)
{
	if (value >= FIRST_VALUE)
		return &option_rows[value - FIRST_VALUE];
	for (size_t i = 0; i < n_option_rows; i++)
		if ((option_rows[i].commands & command->bit) && option_rows[i].letter == value)
			return &option_rows[i];
	return NULL;
}

static void say_unknown(const struct command *command, char **argv)
{
	const char *word = argv[optind - 1];
	int len = (int)strcspn(word, "=");
	bool is_long = strncmp(word, "--", 2) == 0;

	for (size_t i = 0; is_long && i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if ((row->commands & command->bit) && (int)strlen(row->name) == len - 2 &&
		    strncmp(row->name, word + 2, (size_t)len - 2) == 0) {
			complain("%s: option '%.*s' takes no value; see: mapledger help %s",
				 command->name, len, word, command->name);
			return;
		}
	}
	if (is_long)
		complain("%s: unknown option '%.*s'; see: mapledger help %s", command->name, len,
			 word, command->name);
	else
		complain("%s: unknown option '-%c'; see: mapledger help %s", command->name, optopt,
			 command->name);
}

static void say_missing(const struct command *command)
{
	const struct option_row *row = row_of(command, optopt);

	if (row != NULL)
		complain("%s: --%s needs a value: %s; see: mapledger help %s", command->name,
			 row->name, row->argument, command->name);
}

bool cli_options_parse(const struct command *command, int argc, char **argv,
		       struct cli_options *options, int *first)
{
	struct getopt_tables tables;
	int value;

	make_tables(command, &tables);
	opterr = 0;
	optind = 0;
	while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		const struct option_row *row = row_of(command, value);
		const char *wrong;

		if (value == ':' || row == NULL) {
			if (value == ':')
				say_missing(command);
			else
				say_unknown(command, argv);
			return false;
		}
		wrong = row->set(options, row->argument != NULL ? optarg : NULL);
		if (wrong != NULL) {
			complain("%s: --%s: '%s' %s", command->name, row->name, optarg, wrong);
			return false;
		}
	}
	*first = optind;
	return true;
}
