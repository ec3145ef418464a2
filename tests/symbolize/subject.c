/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Functions whose addresses a test looks up; the numbers of some lines are in subject.h.
 */

#include "subject.h"

int subject_data[16] = { 1 };

/* clang-format off */

static inline __attribute__((always_inline)) int subject_inner(int n)
{
	__asm__ volatile(".globl subject_label\nsubject_label: nop" : "+r"(n));
	return n + subject_data[n & 15];
}
static inline __attribute__((always_inline)) int subject_middle(int n)
{
	return 3 * subject_inner(n + 1);
}

__attribute__((noinline)) int subject_outer(int n)
{
	return subject_middle(n) + 7;
}
