/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "query/problem.h"

static void begin(struct problem *problem, enum problem_kind kind, const char *about, int error)
{
	problem->kind = kind;
	problem->error = error;
	problem->advice[0] = '\0';
	snprintf(problem->about, sizeof(problem->about), "%s", about);
}

void problem_set(struct problem *problem, enum problem_kind kind, const char *about,
		 const char *what, ...)
{
	va_list args;

	begin(problem, kind, about, 0);
	va_start(args, what);
	vsnprintf(problem->what, sizeof(problem->what), what, args);
	va_end(args);
}

void problem_set_errno(struct problem *problem, enum problem_kind kind, const char *about,
		       int error, const char *what, ...)
{
	va_list args;
	size_t len;

	begin(problem, kind, about, error);
	va_start(args, what);
	vsnprintf(problem->what, sizeof(problem->what), what, args);
	va_end(args);
	len = strlen(problem->what);
	snprintf(problem->what + len, sizeof(problem->what) - len, ": %s", strerror(error));
}

void problem_advise(struct problem *problem, const char *advice, ...)
{
	va_list args;

	va_start(args, advice);
	vsnprintf(problem->advice, sizeof(problem->advice), advice, args);
	va_end(args);
}

void problem_text(const struct problem *problem, struct text *text)
{
	text_string(text, problem->what);
	if (problem->advice[0] == '\0')
		return;
	text_string(text, "; ");
	text_string(text, problem->advice);
}

void problem_clear(struct problem *problem)
{
	problem->kind = PROBLEM_NONE;
}
