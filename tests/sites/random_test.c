/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests the judge on random functions of which it is known what each byte is: no site is accepted
 * where that knowledge says no
 *
 * A function is drawn as a list of instructions, with jumps to any of its bytes. So what the
 * judge has to find out by decoding is known here without: where instructions begin, where
 * jumps lead, what can be reached. Refusing too much is no mistake.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "../test_random.h"
#include "sites/call_table.h"
#include "sites/site_judge.h"
#include "stand_in.h"

enum kind { PLAIN, CALL, JUMP, BRANCH, INDIRECT, STOP, SYSCALL, DATA };

/* What functions are made of. Jumps have their displacement in the last byte, or four. */
static const struct form {
	enum kind kind;
	uint8_t len;
	uint8_t code[12];
} forms[] = {
	{ PLAIN, 1, { 0x90 } },
	{ PLAIN, 2, { 0x89, 0xdf } },
	{ PLAIN, 2, { 0x6a, 0x0b } },
	{ PLAIN, 1, { 0x58 } },
	{ PLAIN, 3, { 0x48, 0x89, 0xdf } },
	{ PLAIN, 3, { 0x4d, 0x89, 0xc2 } },
	{ PLAIN, 4, { 0x4c, 0x8b, 0x4d, 0x10 } },
	{ PLAIN, 5, { 0x48, 0x8d, 0x64, 0x24, 0xf0 } },
	{ PLAIN, 5, { 0xb8, 0x0b, 0, 0, 0 } },
	{ PLAIN, 5, { 0xb8, 0x09, 0, 0, 0 } },
	{ PLAIN, 5, { 0xb8, 0x01, 0, 0, 0 } },
	{ PLAIN, 5, { 0xbe, 0x0f, 0x05, 0, 0 } },
	{ PLAIN, 6, { 0x41, 0xba, 0x22, 0, 0, 0 } },
	{ PLAIN, 6, { 0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff } },
	{ PLAIN, 7, { 0x48, 0x8d, 0x35, 0x10, 0, 0, 0 } },
	{ PLAIN, 7, { 0x48, 0xc7, 0xc0, 0x0b, 0, 0, 0 } },
	{ PLAIN, 8, { 0xc7, 0x44, 0x24, 0x08, 0x0f, 0x05, 0x90, 0x90 } },
	{ PLAIN, 10, { 0x48, 0xbf, 0xb8, 0x0b, 0, 0, 0, 0x0f, 0x05, 0xc3 } },
	{ CALL, 5, { 0xe8, 0, 1, 0, 0 } },
	{ BRANCH, 2, { 0x74 } },
	{ BRANCH, 6, { 0x0f, 0x84 } },
	{ JUMP, 2, { 0xeb } },
	{ JUMP, 5, { 0xe9 } },
	{ INDIRECT, 2, { 0xff, 0xe0 } },
	{ STOP, 1, { 0xc3 } },
	{ STOP, 2, { 0x0f, 0x0b } },
	{ SYSCALL, 2, { 0x0f, 0x05 } },
	{ DATA, 1, { 0x06 } },
};
#define N_FORMS	  (sizeof(forms) / sizeof(forms[0]))

#define BYTES_MAX 110 /* all of it in reach of a jump of two bytes */
#define INSNS_MAX 128

struct insn {
	const struct form *form;
	int at;
	int target; /* of a jump: a byte of the function, or one outside */
	bool reached;
};

struct function {
	enum named_by by;
	struct insn insn[INSNS_MAX];
	unsigned n;
	int size;
	int sound; /* up to here there is no data */
	unsigned char code[BYTES_MAX + 16];
};

/* ---------------------------------------------------------------------- drawing one */

static unsigned below(uint64_t *state, unsigned n)
{
	return (unsigned)(draw(state) % n);
}

/* Jumps, ends and data are rarer than the rest, system calls more frequent. */
static const struct form *draw_form(uint64_t *state, bool with_data)
{
	const struct form *form;

	do {
		form = below(state, 10) == 0 ? &forms[N_FORMS - 2] : &forms[below(state, N_FORMS)];
	} while ((form->kind == DATA && (!with_data || below(state, 4) > 0)) ||
		 (form->kind == INDIRECT && below(state, 3) > 0) ||
		 (form->kind == STOP && below(state, 2) > 0));
	return form;
}

static int draw_target(uint64_t *state, const struct function *function, const struct form *form)
{
	unsigned how = below(state, 20);

	if (how == 0 && form->len > 2)
		return function->size + 0x100;
	if (how < 8)
		return (int)below(state, (unsigned)function->size);
	return function->insn[below(state, function->n)].at;
}

static void put_insn(uint64_t *state, struct function *function, struct insn *insn)
{
	const struct form *form = insn->form;
	unsigned char *code = function->code + insn->at;
	int32_t displacement;

	memcpy(code, form->code, form->len);
	insn->target = -1;
	if (form->kind != JUMP && form->kind != BRANCH)
		return;
	insn->target = draw_target(state, function, form);
	displacement = insn->target - (insn->at + form->len);
	if (form->len == 2)
		code[1] = (unsigned char)displacement;
	else
		memcpy(code + form->len - 4, &displacement, 4);
}

static void draw_function(uint64_t *state, struct function *function)
{
	static const enum named_by names[] = { BY_EH_FRAME, BY_EH_FRAME,     BY_EH_FRAME,
					       BY_SYMBOL,   BY_LANDING_PADS, BY_NOTHING };
	int wanted = 8 + (int)below(state, BYTES_MAX - 24);
	bool with_data;

	memset(function, 0, sizeof(*function));
	function->by = names[below(state, 6)];
	with_data = function->by != BY_NOTHING && below(state, 5) == 0;
	function->sound = -1;
	while (function->size < wanted) {
		struct insn *insn = &function->insn[function->n++];

		insn->form = draw_form(state, with_data);
		insn->at = function->size;
		function->size += insn->form->len;
		if (insn->form->kind == DATA && function->sound < 0)
			function->sound = insn->at;
	}
	if (function->sound < 0)
		function->sound = function->size;
	for (unsigned i = 0; i < function->n; i++)
		put_insn(state, function, &function->insn[i]);
}

/* --------------------------------------------------------------------- what is known */

static struct insn *insn_at(struct function *function, int at)
{
	for (unsigned i = 0; i < function->n; i++)
		if (function->insn[i].at == at)
			return &function->insn[i];
	return NULL;
}

static void reach(struct function *function, int at)
{
	struct insn *insn = insn_at(function, at);

	if (insn == NULL || insn->reached || insn->form->kind == DATA)
		return;
	insn->reached = true;
	if (insn->target >= 0)
		reach(function, insn->target);
	if (insn->form->kind != JUMP && insn->form->kind != INDIRECT && insn->form->kind != STOP)
		reach(function, at + insn->form->len);
}

static bool has_kind(const struct function *function, enum kind kind)
{
	for (unsigned i = 0; i < function->n; i++)
		if (function->insn[i].at < function->sound && function->insn[i].form->kind == kind)
			return true;
	return false;
}

static bool jumps_between(const struct function *function, int from, int to)
{
	for (unsigned i = 0; i < function->n; i++)
		if (function->insn[i].at < function->sound && function->insn[i].target > from &&
		    function->insn[i].target < to)
			return true;
	return false;
}

static bool has_other_entries(const struct function *function)
{
	return function->by == BY_LANDING_PADS || function->by == BY_NOTHING ||
	       has_kind(function, INDIRECT);
}

/* Something that is not seen may jump to an instruction in the middle of it. */
static bool is_open(const struct function *function)
{
	return has_other_entries(function) || function->sound != function->size ||
	       jumps_between(function, function->size - 1, INT32_MAX);
}

static bool is_checked(const struct function *function, int syscall)
{
	return memcmp(function->code + syscall + 2, "\x48\x3d\x01\xf0\xff\xff", 6) == 0;
}

/* Why @plan must not be carried out; NULL: it may. */
static const char *objection(struct function *function, int syscall, const struct site_plan *plan)
{
	struct insn *call = insn_at(function, syscall), *insn;
	int begin = (int)plan->begin - FILE_CODE - 0x200;

	if (call == NULL || call->form->kind != SYSCALL)
		return "the syscall is no instruction";
	if (syscall > function->sound)
		return "the syscall is behind data";
	if (plan->nr != SITE_ANY_NR && !site_call_is_wanted(plan->nr))
		return "the call is not wanted";
	if (syscall - begin != plan->n_copy || plan->n_copy < SITE_JUMP_SIZE ||
	    plan->n_copy > SITE_COPY_MAX)
		return "the jump has no room";
	for (int at = begin; at < syscall; at += insn->form->len) {
		insn = insn_at(function, at);
		if (insn == NULL)
			return "it begins in the middle of an instruction";
		if (insn->form->kind != PLAIN)
			return "it copies what must stay where it is";
	}
	insn = insn_at(function, begin);
	if (plan->plain && (begin + insn->form->len != syscall ||
			    insn->form->code[insn->form->len - 4] != plan->nr))
		return "it is not the number alone";
	if (function->by != BY_NOTHING && jumps_between(function, begin, begin + SITE_JUMP_SIZE))
		return "the function jumps into the jump";
	if (insn->form->len < SITE_JUMP_SIZE && is_open(function))
		return "something else may jump into the jump";
	reach(function, 0);
	if (!call->reached && (!has_other_entries(function) ||
			       (plan->nr == SITE_ANY_NR && !is_checked(function, syscall))))
		return "nothing leads there";
	return NULL;
}

/* ------------------------------------------------------------------------- the test */

static struct site_text map_function(const struct function *function)
{
	stand_in_begin();
	stand_in_put(FILE_CODE + 0x200, function->code, (size_t)function->size);
	stand_in_name(function->by, FILE_CODE + 0x200, (uint32_t)function->size);
	return stand_in_text();
}

static void say(const struct function *function)
{
	for (unsigned i = 0; i < function->n; i++) {
		fprintf(stderr, "%3d:", function->insn[i].at);
		for (unsigned j = 0; j < function->insn[i].form->len; j++)
			fprintf(stderr, " %02x", function->code[function->insn[i].at + (int)j]);
		fprintf(stderr, "\n");
	}
}

Test(judge, accepts_no_site_that_a_jump_into_it_a_gap_or_a_middle_forbids)
{
	uint64_t seed = seed_of_test(), state = seed;
	unsigned n_accepted = 0, n_sites = 0;

	fprintf(stderr, "ML_TEST_SEED=%lu\n", (unsigned long)seed);
	for (unsigned turn = 0; turn < 20000; turn++) {
		struct function function;
		struct site_text text;

		draw_function(&state, &function);
		text = map_function(&function);
		for (int at = 0; at + 1 < function.size; at++) {
			struct site_plan plan;
			const char *wrong;

			if (function.code[at] != 0x0f || function.code[at + 1] != 0x05)
				continue;
			n_sites++;
			if (site_judge(&text, (uint64_t)(FILE_CODE + 0x200 + at), SITE_PROVE,
				       &plan) != SITE_GOOD)
				continue;
			n_accepted++;
			wrong = objection(&function, at, &plan);
			if (wrong != NULL)
				say(&function);
			cr_assert_null(wrong,
				       "turn %u, syscall at %d, named by %d: %s; "
				       "ML_TEST_SEED=%lu",
				       turn, at, (int)function.by, wrong, (unsigned long)seed);
		}
	}
	cr_assert_gt(n_accepted, n_sites / 50, "of %u sites %u were accepted", n_sites, n_accepted);
}
