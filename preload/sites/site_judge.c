/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "base/mutation.h"
#include "sites/call_table.h"
#include "sites/site_function.h"
#include "sites/site_judge.h"
#include "sites/x86_insn.h"
#include "shim/shim.h"

#if defined(__x86_64__)

#define FUNCTION_MAX	 (64u << 10)
#define COPIED_INSNS_MAX 8
#define SEEN_INSNS_MAX	 12 /* further up, a `mov $NR, %eax' is not looked for */

typedef uint64_t bitmap[FUNCTION_MAX / 64 + 1];

/* All guarded by the recorder's lock. */
static struct {
	unsigned char code[FUNCTION_MAX];
	uint32_t size;
	uint32_t walked; /* up to here every byte belongs to an instruction */
	bool indirect;	 /* it has jumps to places that can't be told */
	bool leaves;	 /* it jumps out: perhaps to a part of it that jumps back */
	bitmap begins;	 /* an instruction begins */
	bitmap targets;	 /* of direct jumps */
	bitmap reached;	 /* by jumps and fallthrough from the function's start */
} walk;

static bool has(const bitmap bits, uint32_t at)
{
	return bits[at / 64] >> at % 64 & 1;
}

static void set(bitmap bits, uint32_t at)
{
	bits[at / 64] |= 1ULL << at % 64;
}

static void clear(bitmap bits, uint32_t size)
{
	memset(bits, 0, (size / 64 + 1) * sizeof(bits[0]));
}

static void decode(uint32_t at, struct x86_insn *insn)
{
	x86_decode(walk.code + at, walk.size - at, insn);
}

/* ------------------------------------------------------------------- the walk */

static bool target_of(uint32_t at, const struct x86_insn *insn, uint32_t *target)
{
	int64_t to = (int64_t)at + insn->len + insn->target;

	if (insn->flow != X86_BRANCH && insn->flow != X86_JUMP)
		return false;
	if (to < 0 || to >= walk.size) {
		walk.leaves = true;
		return false;
	}
	*target = (uint32_t)to;
	return true;
}

/* From the first byte to the last, or to the first that begins no instruction. */
static void walk_through(void)
{
	struct x86_insn insn;
	uint32_t at = 0, target;

	clear(walk.begins, walk.size);
	clear(walk.targets, walk.size);
	walk.indirect = walk.leaves = false;
	while (at < walk.size) {
		decode(at, &insn);
		if (insn.len == 0)
			break;
		set(walk.begins, at);
		if (target_of(at, &insn, &target))
			set(walk.targets, target);
		walk.indirect |= insn.flow == X86_INDIRECT;
		at += insn.len;
	}
	walk.walked = at;
}

static bool reach(uint32_t at)
{
	if (at >= walk.walked || !has(walk.begins, at) || has(walk.reached, at))
		return false;
	set(walk.reached, at);
	return true;
}

/* Over the instructions in order, until a turn finds nothing new: jumps back are few. */
static void find_reached(void)
{
	struct x86_insn insn;
	uint32_t target;
	bool more = true;

	clear(walk.reached, walk.size);
	reach(0);
	while (more) {
		more = false;
		for (uint32_t at = 0; at < walk.walked; at += insn.len) {
			decode(at, &insn);
			if (!has(walk.reached, at))
				continue;
			if (target_of(at, &insn, &target) && reach(target))
				more |= target < at;
			if (insn.flow != X86_JUMP && insn.flow != X86_INDIRECT &&
			    insn.flow != X86_STOP)
				reach(at + insn.len);
		}
	}
}

/* `mov $NR, %eax' and Go's `mov $NR, %rax', and who says that it is 0. */
static bool sets_number(const unsigned char *code, uint32_t len, uint32_t *nr)
{
	if (len == 5 && code[0] == 0xb8)
		memcpy(nr, code + 1, sizeof(*nr));
	else if (len == 7 && code[0] == 0x48 && code[1] == 0xc7 && code[2] == 0xc0)
		memcpy(nr, code + 3, sizeof(*nr));
	else if (len == 2 && (code[0] == 0x31 || code[0] == 0x33) && code[1] == 0xc0)
		*nr = 0;
	else
		return false;
	return true;
}

/* ------------------------------------------------- where no table names the function */

#define RUN_UP	 160 /* bytes in front of the syscall that are looked at */
#define N_STARTS 64  /* of which these are tried as beginnings */

/* Walk from @at; marks what begins. False: no way to the syscall, @led if to another place. */
static bool run_up(uint32_t at, uint8_t *count, bool *led)
{
	uint8_t begins[RUN_UP], n = 0;
	struct x86_insn insn;

	*led = false;
	while (at < RUN_UP) {
		decode(at, &insn);
		if (insn.len == 0)
			return false;
		begins[n++] = (uint8_t)at;
		at += insn.len;
	}
	*led = true;
	for (uint8_t i = 0; at == RUN_UP && i < n; i++)
		count[begins[i]]++;
	return at == RUN_UP;
}

/*
 * Wherever one begins to decode x86 code, after a few instructions one is in step
 * with it. The true instructions are among those met from 15 bytes in a row; so if
 * every beginning, of many, that meets instructions only leads to the syscall, and
 * over the same last ones, then those are the true ones. That it is code at all is
 * for the number in front to say, or the comparison behind, whose bytes are not there by chance.
 */
static bool find_by_convergence(struct site_text *text, uint64_t offset,
				struct site_function *function)
{
	uint8_t count[RUN_UP] = { 0 };
	unsigned n_led = 0;
	uint32_t common = 0;
	bool led;

	walk.size = RUN_UP + 2;
	if (offset < RUN_UP || !site_text_read(text, offset - RUN_UP, walk.code, walk.size))
		return false;
	for (uint32_t start = 0; start < N_STARTS; start++) {
		if (!run_up(start, count, &led) && led)
			return false;
		n_led += led;
	}
	while (common < RUN_UP && count[common] != n_led)
		common++;
	if (n_led < N_STARTS / 4 || common == RUN_UP)
		return false;
	*function = (struct site_function){ .offset = offset - RUN_UP + common,
					    .size = walk.size - common,
					    .part = true };
	return true;
}

/* Is a number that is wanted near in front, if the bytes are instructions? */
static bool may_be_wanted(struct site_text *text, uint64_t offset)
{
	unsigned char bytes[SITE_COPY_MAX + 7];
	uint32_t nr;

	if (!site_text_read(text, offset - sizeof(bytes), bytes, sizeof(bytes)))
		return false;
	for (unsigned i = 0; i + 5 <= sizeof(bytes); i++)
		if ((sets_number(bytes + i, 5, &nr) ||
		     (i + 7 <= sizeof(bytes) && sets_number(bytes + i, 7, &nr))) &&
		    site_call_is_wanted(nr))
			return true;
	return false;
}

/* `cmp $-4095, %rax' or `cmp $-4096, %rax': is it an error? Whatever the number was. */
static bool is_checked(struct site_text *text, uint64_t offset)
{
	unsigned char bytes[6];

	return site_text_read(text, offset + 2, bytes, sizeof(bytes)) &&
	       (memcmp(bytes, "\x48\x3d\x01\xf0\xff\xff", 6) == 0 ||
		memcmp(bytes, "\x48\x3d\x00\xf0\xff\xff", 6) == 0);
}

static bool is_surely_code(struct site_text *text, uint64_t offset)
{
	return may_be_wanted(text, offset) || is_checked(text, offset);
}

static bool load_function(struct site_text *text, const struct site_function *function)
{
	if (function->size > FUNCTION_MAX)
		return false;
	walk.size = (uint32_t)function->size;
	if (!site_text_read(text, function->offset, walk.code, walk.size))
		return false;
	walk_through();
	return true;
}

/* ------------------------------------------------------------ what is in front */

/* The instruction that ends at @at, if control falls from it to there. */
static bool step_back(uint32_t *at, struct x86_insn *insn)
{
	for (uint32_t back = 1; back <= 15 && back <= *at; back++)
		if (has(walk.begins, *at - back)) {
			decode(*at - back, insn);
			*at -= back;
			return insn->len == back &&
			       (insn->flow == X86_NEXT || ML_MUTATED(CALL_IS_COPIED));
		}
	return false;
}

/* mov to, lea to, and pop %rax: the number comes from elsewhere. */
static bool sets_rax(const unsigned char *code)
{
	unsigned rex = (code[0] & 0xf0) == 0x40 ? *code++ : 0;

	switch (code[0]) {
	case 0x58:
		return !(rex & 1);
	case 0x89:
		return !(rex & 1) && (code[1] & 0xc7) == 0xc0;
	case 0x8b:
	case 0x8d:
	case 0x63:
		return !(rex & 4) && (code[1] & 0x38) == 0;
	}
	return false;
}

static uint32_t find_number(uint32_t syscall)
{
	struct x86_insn insn;
	uint32_t at = syscall, nr;

	for (unsigned i = 0; i < SEEN_INSNS_MAX && step_back(&at, &insn); i++) {
		const unsigned char *code = walk.code + at;

		if (sets_number(code, insn.len, &nr))
			return nr;
		if (sets_rax(code)) /* push $NR; pop %rax is the shortest way */
			return code[0] == 0x58 && step_back(&at, &insn) && walk.code[at] == 0x6a
				       ? walk.code[at + 1]
				       : SITE_ANY_NR;
	}
	return SITE_ANY_NR;
}

static bool jumped_into(uint32_t begin)
{
	for (uint32_t at = begin + 1; at < begin + SITE_JUMP_SIZE; at++)
		if (has(walk.targets, at))
			return !ML_MUTATED(JUMP_INTO_MOV_IGNORED);
	return false;
}

/* Parts that no direct jump leads to: what a switch jumps to, and catches. */
static bool has_other_entries(const struct site_function *function)
{
	return walk.indirect || function->landing_pads || function->part;
}

/* Can it be entered by nothing but its own direct jumps? */
static bool is_closed(const struct site_function *function)
{
	return ML_MUTATED(OPEN_FUNCTION_IS_CLOSED) ||
	       (!has_other_entries(function) && !walk.leaves && walk.walked == walk.size);
}

/*
 * Where the jump goes: the nearest instruction that has room for it, else the nearest
 * few that have.
 */
static bool find_room(const struct site_function *function, uint32_t syscall, uint32_t *begin)
{
	bool closed = is_closed(function);
	struct x86_insn insn;
	uint32_t at = syscall, several = syscall;

	for (unsigned i = 0; i < COPIED_INSNS_MAX && step_back(&at, &insn); i++) {
		if (syscall - at > SITE_COPY_MAX)
			break;
		if (insn.len >= SITE_JUMP_SIZE && !jumped_into(at)) {
			*begin = at;
			return true;
		}
		if (closed && several == syscall && syscall - at >= SITE_JUMP_SIZE &&
		    !jumped_into(at))
			several = at;
	}
	*begin = several;
	return several != syscall;
}

/* ------------------------------------------------------------------ the verdict */

/* Copies of operands relative to rip are corrected by whoever copies. */
static bool note_rips(struct site_plan *plan, uint32_t begin, uint32_t syscall)
{
	struct x86_insn insn;

	for (uint32_t at = begin; at < syscall; at += insn.len) {
		decode(at, &insn);
		if (insn.rip_at == 0)
			continue;
		if (plan->n_rips == SITE_RIPS_MAX)
			return false;
		plan->rip_at[plan->n_rips] = (uint8_t)(at - begin + insn.rip_at);
		plan->rip_end[plan->n_rips++] = (uint8_t)(at - begin + insn.len);
	}
	return true;
}

static enum site_verdict make_plan(const struct site_function *function, uint32_t syscall,
				   struct site_plan *plan)
{
	uint32_t begin, number;

	if (!find_room(function, syscall, &begin) || !note_rips(plan, begin, syscall))
		return SITE_TIGHT;
	plan->begin = function->offset + begin;
	plan->n_copy = (uint8_t)(syscall - begin);
	plan->plain = sets_number(walk.code + begin, syscall - begin, &number);
	memcpy(plan->bytes, walk.code + begin, plan->n_copy + 2u);
	return SITE_GOOD;
}

/* `mov $NR, %eax' right in front: the bytes alone, in files that are known. */
static bool looks_plain(struct site_text *text, uint64_t offset, struct site_plan *plan)
{
	unsigned char bytes[8];

	if (!site_text_read(text, offset - 6, bytes, sizeof(bytes)) ||
	    !sets_number(bytes + 1, 5, &plan->nr) ||
	    ((bytes[0] & 0xf0) == 0x40 && !ML_MUTATED(PREFIX_IGNORED)))
		return false; /* a REX prefix: another register */
	plan->begin = offset - 5;
	plan->n_copy = 5;
	plan->plain = true;
	memcpy(plan->bytes, bytes + 1, 7);
	return true;
}

/* What the bytes right in front say, if they are instructions. */
static uint32_t glance(struct site_text *text, uint64_t offset)
{
	unsigned char bytes[7];
	uint32_t nr;

	if (site_text_read(text, offset - sizeof(bytes), bytes, sizeof(bytes)) &&
	    (sets_number(bytes, 7, &nr) || sets_number(bytes + 2, 5, &nr)))
		return nr;
	return SITE_ANY_NR;
}

/* The function around it is in walk. @checked: see is_checked(). */
static enum site_verdict judge_in_function(const struct site_function *function, uint32_t syscall,
					   bool checked, struct site_plan *plan)
{
	plan->nr = find_number(syscall);
	if (plan->nr != SITE_ANY_NR && !site_call_is_wanted(plan->nr))
		return SITE_UNWANTED;
	find_reached();
	if (!has(walk.reached, syscall) && !ML_MUTATED(UNREACHED_IS_CODE) &&
	    ((plan->nr == SITE_ANY_NR && !checked) || !has_other_entries(function)))
		return SITE_NO_CODE;
	return make_plan(function, syscall, plan);
}

enum site_verdict site_judge(struct site_text *text, uint64_t offset, enum site_trust trust,
			     struct site_plan *plan)
{
	struct site_function function;
	uint32_t nr = glance(text, offset), syscall;

	*plan = (struct site_plan){ .begin = offset, .nr = nr, .apart = text->is_go };
	if (nr == SITE_ANY_NR ? trust == SITE_TRUST : !site_call_is_wanted(nr))
		return SITE_UNWANTED;
	if (trust == SITE_TRUST && looks_plain(text, offset, plan))
		return SITE_GOOD;
	if ((site_function_find(text, offset - 1, &function) && load_function(text, &function)) ||
	    (is_surely_code(text, offset) && find_by_convergence(text, offset, &function) &&
	     load_function(text, &function))) {
		syscall = (uint32_t)(offset - function.offset);
		if (syscall < walk.walked)
			return has(walk.begins, syscall) || ML_MUTATED(MIDDLE_IS_CODE)
				       ? judge_in_function(&function, syscall,
							   is_checked(text, offset), plan)
				       : SITE_NO_CODE;
	}
	return nr == SITE_ANY_NR ? SITE_NO_CODE : SITE_UNPROVEN;
}

#endif
