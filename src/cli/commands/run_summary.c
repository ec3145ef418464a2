/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "cli/commands/run_summary.h"
#include "cli/options/open_ledger.h"
#include "cli/report/crash_screen.h"
#include "cli/text/fault_text.h"
#include "cli/text/output.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "query/compare.h"

const char *run_short_name(const char *path)
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

void run_say_nothing_was_recorded(const struct run *run, int status)
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

void run_summarize(const struct run *run, const struct family *family,
		   const struct ledger_header *first, int status)
{
	const char *path = family->has_last ? family->last : run->output;
	struct findings findings = { 0 };
	struct ledger_view view;

	if (!open_view(&view, path, run_short_name(path)))
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

void run_summarize_crash_of_child(const struct run *run, pid_t pid, int status)
{
	struct family_crash crash;
	struct ledger_view view;
	struct text text;
	TEXT_ON_STACK(text, 300);

	if (!family_find_crash(run->output, pid, &crash) ||
	    !open_view(&view, crash.path, run_short_name(crash.path)))
		return;
	say_crash(&view, &crash, &text);
	complain("%s; mapledger explain %s", text.buffer, view.name);
	if (run->options->on_crash == ON_CRASH_EXPLAIN && passes_on(status, crash.signal))
		explain(&view);
	view_close(&view);
}
