/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fuzz_vma - makes random calls, and compares our set, the kernel's map and a page model
 *
 *     fuzz_vma [--seconds N] [--steps N] [--save FOLDER | --as-is]
 *     fuzz_vma --replay FILE...
 *
 * ML_TEST_SEED and ML_TEST_STEPS are honoured. Sequences are of different lengths and
 * crowdedness, each in a child of its own. The first one that fails is made short,
 * saved as text, and ends the run: status 1. (--as-is: it just ends the run.)
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <time.h>
#include <unistd.h>
#include "fuzz_file.h"
#include "fuzz_random.h"
#include "fuzz_run.h"
#include "fuzz_shrink.h"
#include "fuzz_world.h"

enum { STATUS_SKIP = 77 };

struct options {
	uint64_t seed;
	uint64_t n_steps;
	uint64_t seconds; /* 0: steps alone count */
	const char *save; /* NULL: what fails is left as it is */
	bool replay;
};

static struct fuzz_call calls[FUZZ_CALLS_MAX];

/* ---------------------------------------------------------------------- reporting */

static void print_counts(const struct fuzz_counts *counts)
{
	printf("# %" PRIu64 " sequences, %" PRIu64 " calls, %" PRIu64 " folded again\n",
	       counts->n_sequences, counts->n_steps, counts->n_again);
	for (unsigned op = 0; op < OP_COUNT; op++)
		printf("# %-17s %8" PRIu64 " ok %8" PRIu64 " failed, doubts: %7" PRIu64
		       " dispelled %7" PRIu64 " right\n",
		       fuzz_ops[op].name, counts->calls[op][1], counts->calls[op][0],
		       counts->readbacks[op][0], counts->readbacks[op][1]);
	printf("# the page model: %" PRIu64 " pages compared, %" PRIu64
	       " unknown before, attributes of %" PRIu64 " unknown before\n",
	       counts->n_pages, counts->n_unknown, counts->n_lost);
	printf("# %" PRIu64 " comparisons with smaps, %" PRIu64 " guards, %" PRIu64
	       " calls that the fold has no operation for\n",
	       counts->n_smaps, counts->n_guards, counts->n_unobserved);
	for (unsigned kind = VM_DIFF_STACK_GROWTH; kind < VM_DIFF_COUNT; kind++)
		if (counts->tolerated[kind] != 0)
			printf("# tolerated %s: %" PRIu64 "\n", vm_diff_name(kind),
			       counts->tolerated[kind]);
}

static void save(const struct options *options, const struct fuzz_setup *setup, uint32_t n)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/fuzz_vma.%" PRIu64 ".calls", options->save, options->seed);
	out = fopen(path, "w");
	if (out == NULL) {
		fprintf(stderr, "fuzz_vma: %s: %s\n", path, strerror(errno));
		return;
	}
	fprintf(out, "# ML_TEST_SEED=%" PRIu64 "\n", options->seed);
	fuzz_file_write(out, setup, calls, n);
	fclose(out);
	printf("saved as %s\n", path);
}

static void report(const struct options *options, const struct fuzz_setup *setup)
{
	const struct fuzz_setup same = *setup;
	uint32_t n = fuzz_log->n_calls;

	char line[512];

	if (n == 0) {
		printf("ML_TEST_SEED=%" PRIu64 ": %s\n", options->seed, fuzz_log->verdict);
		return;
	}
	fuzz_call_format(&fuzz_log->calls[n - 1], line, sizeof(line));
	printf("ML_TEST_SEED=%" PRIu64 " call %u: %s = %" PRId64 "\n%s\n", options->seed, n, line,
	       fuzz_log->result, fuzz_log->verdict);
	printf("# after %" PRIu64 " calls in %" PRIu64 " sequences\n", fuzz_log->counts.n_steps,
	       fuzz_log->counts.n_sequences);
	fflush(stdout);
	if (options->save == NULL)
		return;
	memcpy(calls, fuzz_log->calls, n * sizeof(calls[0]));
	if (!fuzz_shrink(&same, calls, &n))
		printf("it does not fail again; the whole sequence:\n");
	else
		printf("%u calls are enough: %s\n", n, fuzz_log->verdict);
	if (n < 100)
		fuzz_file_write(stdout, &same, calls, n);
	save(options, &same, n);
}

/* ------------------------------------------------------------------------- running */

static struct fuzz_setup any_setup(void)
{
	static const uint32_t windows[] = { 8, 16, FUZZ_WINDOW_PAGES };

	return (struct fuzz_setup){
		.personality = one_in(10) ? READ_IMPLIES_EXEC : 0,
		.by_text = one_in(3),
		.n_window = windows[below(3)],
	};
}

static bool is_over(const struct options *options, time_t start)
{
	if (options->seconds != 0 && (uint64_t)(time(NULL) - start) >= options->seconds)
		return true;
	return fuzz_log->counts.n_steps >= options->n_steps;
}

static int run(const struct options *options)
{
	time_t start = time(NULL);
	uint64_t state;

	printf("# ML_TEST_SEED=%" PRIu64 "\n", options->seed);
	fuzz_seed(options->seed);
	while (!is_over(options, start)) {
		struct fuzz_setup setup = any_setup();
		uint64_t seed = fuzz_random();
		uint32_t n = (uint32_t)(one_in(2) ? 50 + below(200) : 200 + below(1800));
		enum fuzz_result result;

		if (options->n_steps - fuzz_log->counts.n_steps < n)
			n = (uint32_t)(options->n_steps - fuzz_log->counts.n_steps);
		state = fuzz_random_state;
		fflush(stdout);
		result = fuzz_run_random(&setup, seed, n);
		fuzz_random_state = state;
		if (result == FUZZ_CANT && setup.personality == 0) {
			printf("fuzz_vma: a sequence could not be begun\n");
			return STATUS_SKIP;
		}
		if (result != FUZZ_DIFFERS)
			continue;
		report(options, &setup);
		return 1;
	}
	print_counts(&fuzz_log->counts);
	return 0;
}

/* Descriptions of what failed once: none may fail again. */
static int replay(char *const *paths)
{
	int status = 0;

	for (; *paths != NULL; paths++) {
		struct fuzz_setup setup;
		uint32_t n;
		enum fuzz_result result;

		if (!fuzz_file_read(*paths, &setup, calls, &n))
			return 2;
		fflush(stdout);
		result = fuzz_run_calls(&setup, calls, n);
		if (result == FUZZ_EQUAL)
			printf("%s: %u calls, equal\n", *paths, n);
		else if (result == FUZZ_CANT)
			printf("%s: can't be had here\n", *paths);
		else
			printf("%s: call %u: %s\n", *paths, fuzz_log->n_calls, fuzz_log->verdict);
		status |= result == FUZZ_DIFFERS;
	}
	return status;
}

/* ------------------------------------------------------------------------- options */

static uint64_t number_from(const char *text, uint64_t otherwise)
{
	char *end;
	uint64_t number;

	if (text == NULL || text[0] == '\0')
		return otherwise;
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0') {
		fprintf(stderr, "fuzz_vma: '%s' is no number\n", text);
		exit(2);
	}
	return number;
}

static const struct option long_options[] = {
	{ "seconds", required_argument, NULL, 's' }, { "steps", required_argument, NULL, 'n' },
	{ "save", required_argument, NULL, 'o' },    { "as-is", no_argument, NULL, 'a' },
	{ "replay", no_argument, NULL, 'r' },	     { 0 },
};

static bool read_options(int argc, char **argv, struct options *options)
{
	int c;

	*options = (struct options){
		.seed = number_from(getenv("ML_TEST_SEED"),
				    (uint64_t)time(NULL) * 1000 + (uint64_t)getpid() % 1000),
		.n_steps = number_from(getenv("ML_TEST_STEPS"), 0),
		.save = ".",
	};
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		switch (c) {
		case 's':
			options->seconds = number_from(optarg, 0);
			break;
		case 'n':
			options->n_steps = number_from(optarg, 0);
			break;
		case 'o':
			options->save = optarg;
			break;
		case 'a':
			options->save = NULL;
			break;
		case 'r':
			options->replay = true;
			break;
		default:
			return false;
		}
	if (options->n_steps == 0)
		options->n_steps = options->seconds != 0 ? UINT64_MAX : 20000;
	return options->replay == (optind < argc);
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	if (!read_options(argc, argv, &options)) {
		fprintf(stderr,
			"usage: fuzz_vma [--seconds N] [--steps N] [--save FOLDER | --as-is]\n"
			"       fuzz_vma --replay FILE...\n");
		return 2;
	}
	fuzz_log_make();
	fuzz_world_make_segments();
	status = options.replay ? replay(argv + optind) : run(&options);
	fuzz_world_remove_segments();
	return status;
}
