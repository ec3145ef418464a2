/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests which bytes of a program are overwritten, and which are not: code before and after
 *
 * "[0f 05]" is the syscall that is judged. In the code after, "jj" are the five bytes of the
 * jump, and all others are as they were. The code is real where its comment names a file.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "ledger/ledger_format.h"
#include "sites/site_judge.h"
#include "sites/site_table.h"
#include "stand_in.h"

#define CODE_MAX 256

/* What comes of a syscall: the verdict, or patched. */
struct judge_case {
	const char *name;
	enum named_by by;
	enum site_trust trust;
	enum site_verdict verdict;
	uint32_t nr; /* as the plan says */
	const char *before;
	const char *after; /* where the verdict is SITE_GOOD */
};

static const struct judge_case cases[] = {
	/* ---------------------------------------------- accepted: mov $NR, %eax in front */

	{ "glibc 2.31 to 2.43, munmap: in libc the bytes alone are believed", BY_NOTHING,
	  SITE_TRUST, SITE_GOOD, 11, "cc b8 0b 00 00 00 [0f 05] 48 3d 01 f0 ff ff 73 01 c3",
	  "cc jj jj jj jj jj 0f 05 48 3d 01 f0 ff ff 73 01 c3" },
	{ "the same elsewhere, in a function that .eh_frame names", BY_EH_FRAME, SITE_PROVE,
	  SITE_GOOD, 11, "b8 0b 00 00 00 [0f 05] 48 3d 01 f0 ff ff 73 01 c3 48 83 c8 ff c3",
	  "jj jj jj jj jj 0f 05 48 3d 01 f0 ff ff 73 01 c3 48 83 c8 ff c3" },
	{ "the same in a function that a symbol names", BY_SYMBOL, SITE_PROVE, SITE_GOOD, 11,
	  "b8 0b 00 00 00 [0f 05] c3", "jj jj jj jj jj 0f 05 c3" },
	{ "glibc 2.31, mmap, up to its first ret", BY_EH_FRAME, SITE_PROVE, SITE_GOOD, 9,
	  "41 f7 c1 ff 0f 00 00 75 27 55 48 89 fd 53 89 cb 48 85 ff 74 17 41 89 da 48 89 ef "
	  "b8 09 00 00 00 [0f 05] 48 3d 00 f0 ff ff 77 03 5b 5d c3 0f 1f 00",
	  "41 f7 c1 ff 0f 00 00 75 27 55 48 89 fd 53 89 cb 48 85 ff 74 17 41 89 da 48 89 ef "
	  "jj jj jj jj jj 0f 05 48 3d 00 f0 ff ff 77 03 5b 5d c3 0f 1f 00" },
	{ "glibc 2.41 and 2.43, mmap, likewise", BY_EH_FRAME, SITE_PROVE, SITE_GOOD, 9,
	  "41 f7 c1 ff 0f 00 00 75 27 55 89 cd 53 48 89 fb 48 85 ff 74 17 41 89 ea 48 89 df "
	  "b8 09 00 00 00 [0f 05] 48 3d 00 f0 ff ff 77 03 5b 5d c3 0f 1f 00",
	  "41 f7 c1 ff 0f 00 00 75 27 55 89 cd 53 48 89 fb 48 85 ff 74 17 41 89 ea 48 89 df "
	  "jj jj jj jj jj 0f 05 48 3d 00 f0 ff ff 77 03 5b 5d c3 0f 1f 00" },
	{ "glibc 2.36, _Fork: the tail", BY_EH_FRAME, SITE_PROVE, SITE_GOOD, 56,
	  "31 d2 31 f6 bf 11 00 20 01 4c 8d 90 d0 02 00 00 b8 38 00 00 00 [0f 05] "
	  "48 3d 00 f0 ff ff 77 01 c3",
	  "31 d2 31 f6 bf 11 00 20 01 4c 8d 90 d0 02 00 00 jj jj jj jj jj 0f 05 "
	  "48 3d 00 f0 ff ff 77 01 c3" },
	{ "musl 1.2.5, __unmapself: two calls, of which the first is wanted", BY_EH_FRAME,
	  SITE_PROVE, SITE_GOOD, 11, "b8 0b 00 00 00 [0f 05] 48 31 ff b8 3c 00 00 00 0f 05",
	  "jj jj jj jj jj 0f 05 48 31 ff b8 3c 00 00 00 0f 05" },
	{ "Go 1.19, sysMmap", BY_GO, SITE_PROVE, SITE_GOOD, 9,
	  "48 8b 7c 24 08 48 8b 74 24 10 8b 54 24 18 44 8b 54 24 1c 44 8b 44 24 20 "
	  "44 8b 4c 24 24 b8 09 00 00 00 [0f 05] 48 3d 01 f0 ff ff 76 15 48 f7 d0 c3",
	  "48 8b 7c 24 08 48 8b 74 24 10 8b 54 24 18 44 8b 54 24 1c 44 8b 44 24 20 "
	  "44 8b 4c 24 24 jj jj jj jj jj 0f 05 48 3d 01 f0 ff ff 76 15 48 f7 d0 c3" },

	/* ------------------------------------------ accepted: other instructions in front */

	{ "musl 1.2.5, munmap: two moves between the number and the call", BY_EH_FRAME, SITE_PROVE,
	  SITE_GOOD, 11,
	  "f3 0f 1e fa 55 48 89 f5 53 48 89 fb 48 83 ec 08 e8 fb 7d 01 00 b8 0b 00 00 00 "
	  "48 89 df 48 89 ee [0f 05] 48 89 c7 48 83 c4 08 5b 5d c3",
	  "f3 0f 1e fa 55 48 89 f5 53 48 89 fb 48 83 ec 08 e8 fb 7d 01 00 jj jj jj jj jj "
	  "48 89 df 48 89 ee 0f 05 48 89 c7 48 83 c4 08 5b 5d c3" },
	{ "musl 1.2.5, mprotect: the nearest of five bytes is another than the number", BY_EH_FRAME,
	  SITE_PROVE, SITE_GOOD, 10,
	  "f3 0f 1e fa 48 89 f8 48 81 e7 00 f0 ff ff 48 83 ec 08 48 63 d2 "
	  "48 8d b4 30 ff 0f 00 00 b8 0a 00 00 00 48 81 e6 00 f0 ff ff 48 29 fe [0f 05] "
	  "48 89 c7 48 83 c4 08 c3",
	  "f3 0f 1e fa 48 89 f8 48 81 e7 00 f0 ff ff 48 83 ec 08 48 63 d2 "
	  "48 8d b4 30 ff 0f 00 00 b8 0a 00 00 00 jj jj jj jj jj ff ff 48 29 fe 0f 05 "
	  "48 89 c7 48 83 c4 08 c3" },
	{ "Rust 1.8x, asm!: short moves and a long one behind the number", BY_EH_FRAME, SITE_PROVE,
	  SITE_GOOD, 9,
	  "50 41 89 f0 48 89 fe b8 09 00 00 00 31 ff ba 03 00 00 00 41 ba 22 00 00 00 45 31 c9 "
	  "[0f 05] 59 c3",
	  "50 41 89 f0 48 89 fe b8 09 00 00 00 31 ff ba 03 00 00 00 jj jj jj jj jj 00 45 31 c9 "
	  "0f 05 59 c3" },
	{ "Go 1.19, sysMunmap: mov $NR, %rax has seven bytes", BY_GO, SITE_PROVE, SITE_GOOD, 11,
	  "48 8b 7c 24 08 48 8b 74 24 10 48 c7 c0 0b 00 00 00 [0f 05] 48 3d 01 f0 ff ff 76 02 "
	  "0f 0b c3",
	  "48 8b 7c 24 08 48 8b 74 24 10 jj jj jj jj jj 00 00 0f 05 48 3d 01 f0 ff ff 76 02 "
	  "0f 0b c3" },
	{ "Go 1.19, Syscall6: short moves alone, in a function that nothing else enters", BY_GO,
	  SITE_PROVE, SITE_GOOD, SITE_ANY_NR,
	  "49 89 f2 48 89 fa 48 89 ce 48 89 df [0f 05] 48 3d 01 f0 ff ff 76 15 48 f7 d8 "
	  "48 89 c1 48 c7 c0 ff ff ff ff 48 c7 c3 00 00 00 00 c3 48 89 d3 "
	  "48 c7 c1 00 00 00 00 c3",
	  "49 89 f2 48 89 fa jj jj jj jj jj df 0f 05 48 3d 01 f0 ff ff 76 15 48 f7 d8 "
	  "48 89 c1 48 c7 c0 ff ff ff ff 48 c7 c3 00 00 00 00 c3 48 89 d3 "
	  "48 c7 c1 00 00 00 00 c3" },
	{ "glibc 2.31 to 2.43, syscall(): the number is an argument", BY_EH_FRAME, SITE_PROVE,
	  SITE_GOOD, SITE_ANY_NR,
	  "48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 4d 89 c8 4c 8b 4c 24 08 [0f 05] "
	  "48 3d 01 f0 ff ff 73 01 c3 f7 d8 48 83 c8 ff c3",
	  "48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 4d 89 c8 jj jj jj jj jj 0f 05 "
	  "48 3d 01 f0 ff ff 73 01 c3 f7 d8 48 83 c8 ff c3" },
	{ "push $NR; pop %rax: the shortest way to say a number", BY_EH_FRAME, SITE_PROVE,
	  SITE_GOOD, 9, "89 fe 31 ff 6a 09 58 [0f 05] c3", "89 fe jj jj jj jj jj 0f 05 c3" },
	{ "in libc, mov $11, %r8d is no number of a call", BY_EH_FRAME, SITE_TRUST, SITE_GOOD,
	  SITE_ANY_NR, "41 b8 0b 00 00 00 [0f 05] c3", "jj jj jj jj jj 00 0f 05 c3" },
	{ "the number is loaded from memory", BY_EH_FRAME, SITE_PROVE, SITE_GOOD, SITE_ANY_NR,
	  "48 8b 44 24 08 [0f 05] c3", "jj jj jj jj jj 0f 05 c3" },
	{ "forty bytes are copied", BY_EH_FRAME, SITE_PROVE, SITE_GOOD, SITE_ANY_NR,
	  "48 c7 84 24 08 00 00 00 01 00 00 00 4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 "
	  "4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 [0f 05] ff e0",
	  "jj jj jj jj jj 00 00 00 01 00 00 00 4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 "
	  "4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 0f 05 ff e0" },
	{ "an operand relative to rip is copied, too (glibc 2.41, getenv, with another number)",
	  BY_EH_FRAME, SITE_PROVE, SITE_GOOD, 9,
	  "31 ff b8 09 00 00 00 48 89 14 24 48 8d 35 a3 d4 16 00 [0f 05] 31 c0 c3",
	  "31 ff b8 09 00 00 00 48 89 14 24 jj jj jj jj jj 16 00 0f 05 31 c0 c3" },
	{ "a jump to the first of the bytes is none into them", BY_EH_FRAME, SITE_PROVE, SITE_GOOD,
	  11, "eb 02 90 90 b8 0b 00 00 00 [0f 05] 75 f7 c3",
	  "eb 02 90 90 jj jj jj jj jj 0f 05 75 f7 c3" },
	{ "a jump to the syscall is none into the bytes in front", BY_EH_FRAME, SITE_PROVE,
	  SITE_GOOD, 11, "b8 0b 00 00 00 [0f 05] 3c 04 74 fa c3",
	  "jj jj jj jj jj 0f 05 3c 04 74 fa c3" },
	{ "a jump into the nearest: the next one up is taken", BY_EH_FRAME, SITE_PROVE, SITE_GOOD,
	  11, "b8 0b 00 00 00 be 01 00 00 00 [0f 05] 74 fa c3",
	  "jj jj jj jj jj be 01 00 00 00 0f 05 74 fa c3" },

	/* ------------------------------------- accepted: it can't be told how to get there */

	{ "behind an indirect jump, with a number in front", BY_EH_FRAME, SITE_PROVE, SITE_GOOD, 11,
	  "ff e0 b8 0b 00 00 00 [0f 05] c3", "ff e0 jj jj jj jj jj 0f 05 c3" },
	{ "behind a ret, where exceptions may land, with a number in front", BY_LANDING_PADS,
	  SITE_PROVE, SITE_GOOD, 11, "c3 b8 0b 00 00 00 [0f 05] c3", "c3 jj jj jj jj jj 0f 05 c3" },
	{ "behind an indirect jump, without a number, but the result is compared", BY_EH_FRAME,
	  SITE_PROVE, SITE_GOOD, SITE_ANY_NR, "ff e0 4c 8b 4c 24 08 [0f 05] 48 3d 00 f0 ff ff c3",
	  "ff e0 jj jj jj jj jj 0f 05 48 3d 00 f0 ff ff c3" },

	/* ---------------------------------- accepted: nothing tells where the function begins */

	{ "Free Pascal 3.2.2, do_syscall6 and what lies in front of it", BY_NOTHING, SITE_PROVE,
	  SITE_GOOD, SITE_ANY_NR,
	  "48 8d 64 24 f0 48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 0f 05 48 3d 01 f0 ff ff "
	  "72 12 48 f7 d8 48 89 c7 e8 13 0b 00 00 48 c7 c0 ff ff ff ff 48 89 ec 5d c3 "
	  "00 00 00 00 00 00 00 "
	  "55 48 89 e5 48 8d 64 24 f0 48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 4d 89 c8 "
	  "0f 05 48 3d 01 f0 ff ff 72 12 48 f7 d8 48 89 c7 e8 d0 0a 00 00 "
	  "48 c7 c0 ff ff ff ff 48 89 ec 5d c3 00 00 00 00 "
	  "55 48 89 e5 48 8d 64 24 f0 48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 4d 89 c8 "
	  "4c 8b 4d 10 [0f 05] 48 3d 01 f0 ff ff 72 12",
	  "48 8d 64 24 f0 48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 0f 05 48 3d 01 f0 ff ff "
	  "72 12 48 f7 d8 48 89 c7 e8 13 0b 00 00 48 c7 c0 ff ff ff ff 48 89 ec 5d c3 "
	  "00 00 00 00 00 00 00 "
	  "55 48 89 e5 48 8d 64 24 f0 48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 4d 89 c8 "
	  "0f 05 48 3d 01 f0 ff ff 72 12 48 f7 d8 48 89 c7 e8 d0 0a 00 00 "
	  "48 c7 c0 ff ff ff ff 48 89 ec 5d c3 00 00 00 00 "
	  "55 48 89 e5 jj jj jj jj jj 48 89 f8 48 89 f7 48 89 d6 48 89 ca 4d 89 c2 4d 89 c8 "
	  "4c 8b 4d 10 0f 05 48 3d 01 f0 ff ff 72 12" },
	{ "a number in front, int3 further up", BY_NOTHING, SITE_PROVE, SITE_GOOD, 11,
	  "b8 0b 00 00 00 [0f 05] c3", "jj jj jj jj jj 0f 05 c3" },

	/* -------------------------------------------------------------- SITE_UNWANTED */

	{ "a call that changes no map: read", BY_EH_FRAME, SITE_PROVE, SITE_UNWANTED, 1,
	  "b8 01 00 00 00 [0f 05] c3", NULL },
	{ "xor %eax, %eax says 0", BY_EH_FRAME, SITE_PROVE, SITE_UNWANTED, 0,
	  "be 01 00 00 00 31 c0 [0f 05] c3", NULL },
	{ "its number is said further up", BY_EH_FRAME, SITE_PROVE, SITE_UNWANTED, 1,
	  "b8 01 00 00 00 48 89 df [0f 05] c3", NULL },
	{ "push $NR; pop %rax, of another call", BY_EH_FRAME, SITE_PROVE, SITE_UNWANTED, 1,
	  "89 fe 31 ff 6a 01 58 [0f 05] c3", NULL },
	{ "in libc the number must be right in front", BY_EH_FRAME, SITE_TRUST, SITE_UNWANTED,
	  SITE_ANY_NR, "b8 0b 00 00 00 48 89 df [0f 05] c3", NULL },

	/* --------------------------------------------------------------- SITE_NO_CODE */

	{ "the bytes are in a constant", BY_EH_FRAME, SITE_PROVE, SITE_NO_CODE, SITE_ANY_NR,
	  "b8 0b 00 00 00 be [0f 05] 00 00 c3", NULL },
	{ "a ret in front, and nothing leads here", BY_EH_FRAME, SITE_PROVE, SITE_NO_CODE, 11,
	  "c3 b8 0b 00 00 00 [0f 05] c3", NULL },
	{ "a jump over it, and nothing leads here", BY_EH_FRAME, SITE_PROVE, SITE_NO_CODE, 11,
	  "eb 07 b8 0b 00 00 00 [0f 05] c3", NULL },
	{ "behind an indirect jump, without a number or a comparison", BY_EH_FRAME, SITE_PROVE,
	  SITE_NO_CODE, SITE_ANY_NR, "ff e0 4c 8b 4c 24 08 [0f 05] c3", NULL },
	{ "no number, and bytes in front that are no instruction", BY_EH_FRAME, SITE_PROVE,
	  SITE_NO_CODE, SITE_ANY_NR, "06 06 06 4c 8b 4c 24 08 [0f 05] c3", NULL },
	{ "no table, no number, no comparison", BY_NOTHING, SITE_PROVE, SITE_NO_CODE, SITE_ANY_NR,
	  "4c 8b 4c 24 08 [0f 05] c3", NULL },
	{ "in libc, a prefix: no number, but a constant for %r8 with the bytes in it", BY_EH_FRAME,
	  SITE_TRUST, SITE_NO_CODE, 11, "49 b8 0b 00 00 00 [0f 05] 00 00 c3", NULL },

	/* -------------------------------------------------------------- SITE_UNPROVEN */

	{ "a number, and bytes in front that are no instruction", BY_EH_FRAME, SITE_PROVE,
	  SITE_UNPROVEN, 11, "06 06 06 b8 0b 00 00 00 [0f 05] c3", NULL },

	/* ----------------------------------------------------------------- SITE_TIGHT */

	{ "a jump into the mov", BY_EH_FRAME, SITE_PROVE, SITE_TIGHT, 11,
	  "b8 0b 00 00 00 [0f 05] 74 fb c3", NULL },
	{ "a jump from in front into the mov", BY_EH_FRAME, SITE_PROVE, SITE_TIGHT, 11,
	  "74 03 48 b8 0b 00 00 00 00 00 00 00 6a 0b 58 [0f 05] 74 f0 c3", NULL },
	{ "a call right in front: the copy could not return", BY_EH_FRAME, SITE_PROVE, SITE_TIGHT,
	  SITE_ANY_NR, "b8 0b 00 00 00 e8 00 00 00 00 48 89 df [0f 05] c3", NULL },
	{ "too near the beginning", BY_EH_FRAME, SITE_PROVE, SITE_TIGHT, 11, "6a 0b 58 [0f 05] c3",
	  NULL },
	{ "short moves alone, in a function with a switch", BY_EH_FRAME, SITE_PROVE, SITE_TIGHT,
	  SITE_ANY_NR, "49 89 f2 48 89 fa 48 89 ce 48 89 df [0f 05] 48 3d 01 f0 ff ff ff e0",
	  NULL },
	{ "short moves alone, in a function where exceptions may land", BY_LANDING_PADS, SITE_PROVE,
	  SITE_TIGHT, SITE_ANY_NR,
	  "49 89 f2 48 89 fa 48 89 ce 48 89 df [0f 05] 48 3d 01 f0 ff ff c3", NULL },
	{ "short moves alone, in a function that jumps out: perhaps to a part of it", BY_EH_FRAME,
	  SITE_PROVE, SITE_TIGHT, SITE_ANY_NR,
	  "49 89 f2 48 89 fa 48 89 ce 48 89 df [0f 05] e9 00 10 00 00", NULL },
	{ "short moves alone, in a function that ends in data", BY_EH_FRAME, SITE_PROVE, SITE_TIGHT,
	  SITE_ANY_NR, "49 89 f2 48 89 fa 48 89 ce 48 89 df [0f 05] c3 06 06", NULL },
	{ "short moves alone, and a jump into the middle of each choice", BY_EH_FRAME, SITE_PROVE,
	  SITE_TIGHT, SITE_ANY_NR, "90 90 48 89 ce 48 89 df [0f 05] 74 f9 74 f4 74 f3 c3", NULL },
	{ "short moves alone, where no table names the function", BY_NOTHING, SITE_PROVE,
	  SITE_TIGHT, SITE_ANY_NR,
	  "e8 00 00 00 00 49 89 f2 48 89 fa 48 89 ce 48 89 df [0f 05] 48 3d 01 f0 ff ff c3", NULL },
	{ "more than forty bytes would be copied", BY_EH_FRAME, SITE_PROVE, SITE_TIGHT, SITE_ANY_NR,
	  "64 48 c7 84 24 08 00 00 00 01 00 00 00 4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 "
	  "4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 4c 8b 4d 10 [0f 05] ff e0",
	  NULL },
	{ "more than eight instructions in between", BY_EH_FRAME, SITE_PROVE, SITE_TIGHT, 11,
	  "e8 00 00 00 00 b8 0b 00 00 00 90 90 90 90 90 90 90 90 [0f 05] ff e0", NULL },
};

/* Bytes of a case: hexadecimal, or one of the jump; -1: none. */
#define JUMP 0x100

struct bytes {
	unsigned short byte[CODE_MAX];
	unsigned n;
	unsigned syscall;
};

static struct bytes parse(const char *text)
{
	struct bytes bytes = { .n = 0 };
	unsigned value;

	while (*text != '\0') {
		if (*text == '[')
			bytes.syscall = bytes.n;
		if (sscanf(text, "%2x", &value) == 1 && text[0] != ' ' && text[0] != '[') {
			bytes.byte[bytes.n++] = (unsigned short)value;
			text += 2;
		} else if (text[0] == 'j') {
			bytes.byte[bytes.n++] = JUMP;
			text += 2;
		} else {
			text++;
		}
	}
	return bytes;
}

static const char *verdict_name(enum site_verdict verdict)
{
	static const char *const names[] = { "good", "no code", "unwanted", "unproven", "tight" };

	return names[verdict];
}

/* Where a case's code begins in the file: in front of it is int3. */
#define BEGIN (FILE_CODE + 0x200)

static struct site_text map_case(const struct judge_case *test, const struct bytes *before)
{
	stand_in_begin();
	for (unsigned i = 0; i < before->n; i++)
		stand_in_file[BEGIN + i] = (unsigned char)before->byte[i];
	stand_in_name(test->by, BEGIN, before->n);
	return stand_in_map();
}

/* What memory has where the case says it is a jump. */
static bool is_jump(const unsigned char *memory, unsigned at)
{
	int32_t rel32;

	memcpy(&rel32, memory + at + 1, sizeof(rel32));
	return memory[at] == 0xe9 &&
	       MEMORY_BASE + BEGIN + at + 5 + (uint64_t)(int64_t)rel32 == stand_in_stub;
}

static void check_memory(const struct judge_case *test, const struct site_text *text)
{
	struct bytes after = parse(test->after);
	unsigned char memory[CODE_MAX + 8];

	stand_in_memory(text, BEGIN, memory, sizeof(memory));
	for (unsigned i = 0; i < after.n; i++) {
		if (after.byte[i] != JUMP) {
			cr_expect_eq(memory[i], after.byte[i], "%s: byte %u is %02x, not %02x",
				     test->name, i, memory[i], after.byte[i]);
			continue;
		}
		cr_expect(is_jump(memory, i), "%s: no jump at byte %u", test->name, i);
		i += SITE_JUMP_SIZE - 1;
	}
}

static void check_plan(const struct judge_case *test, const struct bytes *before,
		       const struct site_plan *plan)
{
	unsigned begin = (unsigned)(plan->begin - BEGIN);

	cr_expect_eq(begin + plan->n_copy, before->syscall, "%s: copies not up to the syscall",
		     test->name);
	for (unsigned i = 0; i < plan->n_copy + 2u; i++)
		cr_expect_eq(plan->bytes[i], before->byte[begin + i], "%s: copies other bytes",
			     test->name);
	cr_expect_eq(plan->apart, test->by == BY_GO, "%s: on which stack?", test->name);
}

Test(judge, overwrites_what_it_may_and_refuses_the_rest)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct judge_case *test = &cases[i];
		struct bytes before = parse(test->before);
		struct site_text text = map_case(test, &before);
		struct site_plan plan;
		enum site_verdict verdict =
			site_judge(&text, BEGIN + before.syscall, test->trust, &plan);

		cr_expect_eq(verdict, test->verdict, "%s: %s, not %s", test->name,
			     verdict_name(verdict), verdict_name(test->verdict));
		cr_expect_eq(plan.nr, test->nr, "%s: number %d", test->name, (int)plan.nr);
		if (verdict != SITE_GOOD || test->verdict != SITE_GOOD)
			continue;
		check_plan(test, &before, &plan);
		cr_expect_eq(site_table_patch(&text, &plan), LEDGER_SITE_PATCHED, "%s", test->name);
		check_memory(test, &text);
		/* the next case has other code there */
		text = map_case(test, &before);
		site_table_forget_gone(MEMORY_SET_ALL, text.mem);
	}
}

/* ------------------------------------------------------------------------- limits */

static enum site_verdict judge_at(enum named_by by, uint32_t size, uint32_t syscall,
				  struct site_plan *plan)
{
	struct site_text text;

	stand_in_name(by, FILE_CODE, size);
	text = stand_in_map();
	return site_judge(&text, FILE_CODE + syscall, SITE_PROVE, plan);
}

/* A function of nops, @size bytes, with `mov $11, %eax; syscall' at @at. */
static void put_call(uint32_t size, uint32_t at)
{
	static const unsigned char call[] = { 0xb8, 11, 0, 0, 0, 0x0f, 0x05 };

	stand_in_begin();
	memset(stand_in_file + FILE_CODE, 0x90, size);
	stand_in_put(FILE_CODE + at, call, sizeof(call));
}

Test(judge, a_function_of_64_KiB_is_walked_and_no_larger_one)
{
	struct site_plan plan;

	put_call(0x10000, 0x8000);
	cr_assert_eq(judge_at(BY_EH_FRAME, 0x10000, 0x8005, &plan), SITE_GOOD);
	/* a larger one is judged as code without a table is, and here no way leads through
	 * what lies in front */
	put_call(0x10001, 0x8000);
	for (unsigned i = 0; i < 160; i += 2)
		stand_in_file[FILE_CODE + 0x8000 - 160 + i] = 0x06;
	cr_assert_eq(judge_at(BY_EH_FRAME, 0x10001, 0x8005, &plan), SITE_UNPROVEN);
}

Test(judge, tells_which_operands_of_a_copy_are_relative_to_rip)
{
	static const unsigned char load[] = { 0x8b, 0x3d, 1, 0, 0, 0 }; /* mov 1(%rip), %edi */
	static const unsigned char push[] = { 0x6a, 9, 0x58, 0x0f, 0x05, 0xc3 };
	struct site_plan plan;

	stand_in_begin();
	stand_in_put(FILE_CODE, load, sizeof(load));
	stand_in_put(FILE_CODE + sizeof(load), push, sizeof(push));
	cr_assert_eq(judge_at(BY_EH_FRAME, 12, 9, &plan), SITE_GOOD);
	cr_assert_eq(plan.n_rips, 1);
	cr_assert_eq(plan.rip_at[0], 2);
	cr_assert_eq(plan.rip_end[0], 6);
}

Test(judge, code_that_leads_elsewhere_from_some_beginning_proves_nothing)
{
	struct site_plan plan;

	/* mov $.., %esi: all ways swallow four bytes of the number's mov, and pass the syscall */
	put_call(0x400, 0x200);
	stand_in_file[FILE_CODE + 0x1ff] = 0xbe;
	cr_assert_eq(judge_at(BY_NOTHING, 0x400, 0x205, &plan), SITE_UNPROVEN);
}
