/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs the tests that were added, each in a child: see criterion/criterion.h
 *
 * Of Criterion's options, --filter is understood and the others are ignored.
 */

#include <criterion/criterion.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TESTS_MAX = 512, SUITES_MAX = 64, STATUS_FAILED = 1, STATUS_SKIPPED = 77, SECONDS = 600 };

struct test {
	const char *suite;
	const char *name;
	void (*run)(void);
	const struct stand_in_options *options;
};

static struct test tests[TESTS_MAX];
static unsigned n_tests;
static struct test suites[SUITES_MAX]; /* without a name */
static unsigned n_suites;
static bool failed;

static jmp_buf end_of_test;
static pid_t runner; /* of the test; it may have children */

void stand_in_add_suite(const char *suite, const struct stand_in_options *options)
{
	if (n_suites == SUITES_MAX)
		abort();
	suites[n_suites++] = (struct test){ .suite = suite, .options = options };
}

void stand_in_add_test(const char *suite, const char *name, void (*run)(void),
		       const struct stand_in_options *options)
{
	if (n_tests == TESTS_MAX)
		abort();
	tests[n_tests++] = (struct test){ suite, name, run, options };
}

/* What was set up is taken down all the same. */
static _Noreturn void leave(int status)
{
	if (getpid() == runner)
		longjmp(end_of_test, status);
	_exit(status);
}

/* In TAP a line that is not its own begins with a mark. */
static void comment(const char *format, va_list args)
{
	char *text, *rest, *line;

	if (vasprintf(&text, format, args) < 0)
		abort();
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL)
		printf("# %s\n", line);
	free(text);
}

void stand_in_fail(enum stand_in_severity severity, const char *file, int line,
		   const char *condition, const char *format, ...)
{
	va_list args;

	printf("# %s:%d: not so: %s\n", file, line, condition);
	va_start(args, format);
	if (*format != '\0')
		comment(format, args);
	va_end(args);
	fflush(stdout);
	failed = true;
	if (severity == STAND_IN_ASSERT)
		leave(STATUS_FAILED);
}

void stand_in_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	comment(format, args);
	va_end(args);
	fflush(stdout);
	leave(STATUS_SKIPPED);
}

void stand_in_log(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

static const struct stand_in_options *suite_options(const struct test *test)
{
	static const struct stand_in_options none;

	for (unsigned i = 0; i < n_suites; i++)
		if (strcmp(suites[i].suite, test->suite) == 0)
			return suites[i].options;
	return &none;
}

static void call(void (*function)(void))
{
	if (function != NULL)
		function();
}

/* Return: 0, or with what status the test was left. */
static int set_up_and_run(const struct test *test, const struct stand_in_options *suite)
{
	int status = setjmp(end_of_test);

	if (status != 0)
		return status;
	runner = getpid();
	call(suite->init);
	call(test->options->init);
	test->run();
	return 0;
}

static void live(const struct test *test)
{
	const struct stand_in_options *suite = suite_options(test);
	int status;

	alarm(SECONDS);
	status = set_up_and_run(test, suite);
	runner = 0; /* there is nowhere to go back to any more */
	call(test->options->fini);
	call(suite->fini);
	fflush(NULL);
	_exit(failed ? STATUS_FAILED : status);
}

static bool ended_as_expected(const struct test *test, int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == test->options->signal;
	return test->options->signal == 0 && WEXITSTATUS(status) == test->options->exit_code;
}

static bool run(const struct test *test, unsigned number)
{
	bool passed, skipped;
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		live(test);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	skipped = WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIPPED;
	passed = skipped || ended_as_expected(test, status);
	if (!passed)
		printf("# status %x\n", (unsigned)status);
	printf("%sok %u - %s::%s%s\n", passed ? "" : "not ", number, test->suite, test->name,
	       skipped ? " # SKIP" : "");
	return passed;
}

static bool is_wanted(const struct test *test, const char *filter)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/%s", test->suite, test->name);
	return !test->options->disabled &&
	       (filter == NULL || fnmatch(filter, name, FNM_EXTMATCH) == 0);
}

static const char *find_filter(char **argv)
{
	for (; *argv != NULL; argv++)
		if (strcmp(*argv, "--filter") == 0)
			return argv[1];
	return NULL;
}

int main(int argc, char **argv)
{
	const char *filter = find_filter(argv + (argc > 0));
	unsigned n = 0;
	bool good = true;

	for (unsigned i = 0; i < n_tests; i++)
		if (is_wanted(&tests[i], filter))
			good &= run(&tests[i], ++n);
	printf("1..%u\n", n);
	return good ? 0 : 1;
}
