/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_PROBLEM_H
#define QUERY_PROBLEM_H

/*
 * problem - why a question about a ledger has no answer
 *
 * Nothing in this room prints. A function that can fail returns false (or -1) and
 * leaves a problem in the view that it was asked of, or where the caller said; who
 * asked decides whether to show it, to serve it or to try something else.
 *
 * A problem is set once, by whoever found it, and stays until it is cleared.
 * Memory that runs out is no problem: see heap.h.
 */

#include <limits.h>
#include "base/text.h"

/* What kind of thing went wrong. Every command that can't go on for one of them exits with 2. */
enum problem_kind {
	PROBLEM_NONE = 0,
	PROBLEM_QUESTION, /* it asks for what this ledger does not have: a moment, a place */
	PROBLEM_LOST,	  /* it asks for what was overwritten */
	PROBLEM_FILE,	  /* the ledger is not there, or can't be read */
	PROBLEM_PROCESS,  /* the process has ended, is not recorded, or its map can't be read */
};

#define PROBLEM_TEXT_MAX   (PATH_MAX + 1000)
#define PROBLEM_ADVICE_MAX 1200

/*
 * @about:  the ledger as it is shown, "process 42", or an option
 * @what:   one sentence without a full stop; names @about where a reader needs it
 * @error:  the errno behind it, or 0; @what says it in words
 * @advice: what to ask or to do instead; empty: nothing
 */
struct problem {
	enum problem_kind kind;
	int error;
	char about[PATH_MAX];
	char what[PROBLEM_TEXT_MAX];
	char advice[PROBLEM_ADVICE_MAX];
};

/* Say what went wrong, in printf's language. A problem that is there already is replaced. */
void problem_set(struct problem *problem, enum problem_kind kind, const char *about,
		 const char *what, ...) __attribute__((format(printf, 4, 5)));

/* Say what went wrong because of an errno, whose text stands behind a colon. */
void problem_set_errno(struct problem *problem, enum problem_kind kind, const char *about,
		       int error, const char *what, ...) __attribute__((format(printf, 5, 6)));

/* Add what to do about the problem that was set last. */
void problem_advise(struct problem *problem, const char *advice, ...)
	__attribute__((format(printf, 2, 3)));

/* The whole line: what went wrong; what to do. Control bytes of names are as they were. */
void problem_text(const struct problem *problem, struct text *text);

/* Forget the problem: it was shown, or does not matter. */
void problem_clear(struct problem *problem);

#endif
