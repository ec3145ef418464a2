/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

/*
 * demo - small broken programs, each with a bug that somebody really had
 *
 * `mapledger demo NAME' records one and explains it. They are tests, too
 * (tests/misuse): what is said about each is compared word by word.
 *
 * Each does its harm in functions with names of their own, so that stacks have
 * something to show: nothing here is inlined.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifdef __clang__ /* which clones nothing */
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

/* The exit code of a demo that this machine can't run. */
#define DEMO_SKIP 77

/*
 * One of the broken programs.
 *
 * @name:    what the command calls it
 * @story:   one line: what goes wrong
 * @run:     returns an exit code, if it returns
 */
struct demo {
	const char *name;
	const char *story;
	int (*run)(void);
};

/* Ends the program with a sentence when a step fails that is not the bug. */
void demo_need(int good, const char *what);

int demo_overhang(void);
int demo_double_munmap(void);
int demo_fixed_clobber(void);
int demo_use_after_munmap(void);
int demo_munmap_too_long(void);
int demo_map_limit(void);
int demo_guard_region(void);
int demo_execstack(void);
int demo_write_then_execute(void);
int demo_partial_protect(void);

#endif
