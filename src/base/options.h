/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

/*
 * options - the shim's options, which it reads from one environment variable
 *
 *     MAPLEDGER_OPTIONS='output=/tmp/m.%e.%p.mlg:max_size=64M:debug=1'
 *
 * Keys and values are separated by `=', pairs by `:'. A value may stand in
 * single or double quotes. An unknown key or a bad value is reported once and
 * skipped; it never stops a program. One table (options.c) holds names,
 * defaults, units and help; the command's options for `run' set the same keys.
 *
 * Allocates nothing and calls nothing from libc: the shim reads its options
 * before libc is ready.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

#define OPTIONS_VARIABLE "MAPLEDGER_OPTIONS"
#define OPTIONS_PATH_MAX 1024

/* The enums and bits below are places of words in option_table[].values. */

/* Which children of the process are recorded, too. */
enum option_follow {
	OPTION_FOLLOW_ALL,  /* children and what they execute */
	OPTION_FOLLOW_FORK, /* children, but not other programs */
	OPTION_FOLLOW_NONE, /* the root process alone */
};

/* When the recorded map is compared with the kernel's. */
enum option_verify {
	OPTION_VERIFY_EACH, /* at exit, and what a call touched after each call */
	OPTION_VERIFY_EXIT, /* compare with the kernel at exit */
	OPTION_VERIFY_OFF,
};

/* Which code's system call instructions are searched for and patched. */
enum option_sites {
	OPTION_SITES_ALL,  /* of all code that is mapped from files */
	OPTION_SITES_LIBC, /* of libc and ld.so */
	OPTION_SITES_OFF,
};

/* How the stack of each call is taken. */
enum option_stack {
	OPTION_STACK_UNWIND, /* by unwind tables */
	OPTION_STACK_FP,     /* by frame pointers alone */
	OPTION_STACK_NONE,
};

#define OPTIONS_DEPTH_MAX 64

/* Bits of which of the program's calls are refused. */
#define OPTION_ENFORCE_WX      0x1u
#define OPTION_ENFORCE_CLOBBER 0x2u

/* Rules that can be judged while the program runs; bits are 1 << these. */
enum option_stop {
	OPTION_STOP_P03,
	OPTION_STOP_U01,
	OPTION_STOP_U04,
	OPTION_STOP_U08,
	OPTION_STOP_W01,
};

#define OPTION_FILTERS_ANY UINT64_MAX

struct options {
	/* Where ledgers go: %p pid, %e program, %n ledgers this pid had before, %% percent.
	 * With @root set it is the root's ledger, already expanded, and every other
	 * process writes to "<output>.d/<program>.<pid>.<n>.mlg". */
	char output[OPTIONS_PATH_MAX];
	uint64_t root;	   /* pid of the first process of a `mapledger run'; 0: none */
	uint64_t max_size; /* of one ledger, bytes */
	enum option_follow follow;
	enum option_verify verify;
	enum option_sites sites;
	uint64_t raw;		      /* 1: Syscall User Dispatch */
	char cache[OPTIONS_PATH_MAX]; /* a folder, or something that does not begin with / */
	enum option_stack stack;      /* of each call: who made it */
	uint64_t depth;		      /* frames of it, 1 to OPTIONS_DEPTH_MAX */
	uint32_t enforce;	      /* OPTION_ENFORCE_ bits */
	uint32_t stop;	  /* 1 << enum option_stop: SIGTRAP where the rule finds something */
	uint64_t hold;	  /* bytes of unmapped ranges that stay reserved */
	uint64_t filters; /* seccomp's, behind which a program may be started; or any number */
	uint64_t debug;	  /* 0: never print */
};

/* The type of the field that an option's value goes to, and how the value is written. */
enum option_type {
	OPTION_TYPE_PATH,   /* char[OPTIONS_PATH_MAX], not empty */
	OPTION_TYPE_NUMBER, /* uint64_t */
	OPTION_TYPE_NUMBER_OR_ANY,
	OPTION_TYPE_DEPTH, /* uint64_t, 1 to OPTIONS_DEPTH_MAX */
	OPTION_TYPE_SIZE,  /* uint64_t, bytes */
	OPTION_TYPE_WORD,  /* an enum: one of @values, between `|' */
	OPTION_TYPE_BITS,  /* uint32_t: any of @values before the `|', between commas; or "off" */
};

enum option_id {
	OPTION_OUTPUT,
	OPTION_ROOT,
	OPTION_MAX_SIZE,
	OPTION_FOLLOW,
	OPTION_VERIFY,
	OPTION_SITES,
	OPTION_CACHE,
	OPTION_RAW,
	OPTION_STACK,
	OPTION_DEPTH,
	OPTION_ENFORCE,
	OPTION_HOLD,
	OPTION_STOP,
	OPTION_FILTERS,
	OPTION_DEBUG,
	OPTION_COUNT,
};

/* One option: its name, default, words, help, and where its value goes. */
struct option_info {
	const char *name;
	const char *default_value;
	const char *values; /* what may stand there: for people, and the words of an enum */
	const char *help;   /* one line */
	enum option_type type;
	size_t field; /* offset in struct options */
};

extern const struct option_info option_table[OPTION_COUNT];

/* Sets all options to their defaults. */
void options_init(struct options *options);

/**
 * options_parse() - set options from a string "k=v:k=v"
 * @complaint: gets one line for the first thing that could not be used, or stays empty
 */
void options_parse(struct options *options, const char *string, struct text *complaint);

/*
 * The place of a word in "each|exit|off" (@separator `|') or in "wx,clobber|off" (@separator
 * `,': what stands behind the `|' is not searched), or -1.
 */
int options_find_word(const char *values, char separator, const char *word, size_t len);

/* "64M" -> 67108864; K, M and G are powers of 1024. Return: false when it is not a size. */
bool options_parse_size(const char *at, const char *end, uint64_t *size);

#endif
