/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests the stubs of call sites, linked alone, with a hook that destroys all it is allowed to
 */

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include "sites/site_stubs.h"

enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, N_REGS };

struct machine {
	uint64_t reg[N_REGS];
	uint64_t flags;
	uint64_t red_zone[16];
};

/* Status flags, and DF, which a hook must find and leave clear. */
#define FLAGS 0xcd5ULL

extern const unsigned char site_stubs[];
extern uint64_t harness_resume;
int64_t stub_harness(const void *stub, const struct machine *before, struct machine *after);

uint64_t site_resume[SITE_STUBS];

extern const unsigned char apart_stub[];

static struct site_answer answer;
static uint64_t seen_args[6];
static uint64_t seen_index;
static uint64_t seen_distance; /* between the site's stack and ours */

static struct site_answer reached(const struct site_frame *frame)
{
	memcpy(seen_args, frame->args, sizeof(seen_args));
	seen_index = frame->index;
	seen_distance = (uintptr_t)frame - (uintptr_t)__builtin_frame_address(0);
	__asm__ volatile("mov $-1, %%rax; mov %%rax, %%rcx; mov %%rax, %%rdx; mov %%rax, %%rsi;"
			 "mov %%rax, %%rdi; mov %%rax, %%r8; mov %%rax, %%r9; mov %%rax, %%r10;"
			 "mov %%rax, %%r11; test %%rax, %%rax" ::
				 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
				   "cc");
	return answer;
}

site_reached_fn *site_reached = reached;

static struct machine filled(uint64_t flags)
{
	struct machine machine = { .flags = flags };

	for (unsigned i = 0; i < N_REGS; i++)
		machine.reg[i] = 0x1111111111111111ULL * (i + 1);
	for (unsigned i = 0; i < 16; i++)
		machine.red_zone[i] = 0xabcd000000000000ULL + i;
	return machine;
}

static struct machine jump_to(const void *stub, uint64_t flags)
{
	struct machine before = filled(flags), after = { 0 };

	cr_assert_eq(stub_harness(stub, &before, &after), 0, "the stack pointer moved");
	return after;
}

static struct machine reach(unsigned index, uint64_t flags)
{
	site_resume[index] = harness_resume;
	return jump_to(site_stubs + 32 * index, flags);
}

Test(site_stubs, preserve_what_a_system_call_preserves)
{
	struct machine before = filled(0);

	answer = (struct site_answer){ 4711, 0 };
	for (unsigned index = 0; index < SITE_STUBS; index++) {
		struct machine after = reach(index, 0x202);

		cr_assert_eq(after.reg[RAX], 4711);
		for (unsigned i = RBX; i < N_REGS; i++)
			if (i != RCX && i != R11)
				cr_assert_eq(after.reg[i], before.reg[i], "register %u, stub %u", i,
					     index);
		for (unsigned i = 0; i < 16; i++)
			cr_assert_eq(after.red_zone[i], before.red_zone[i], "red zone %u", i);
	}
}

Test(site_stubs, preserve_the_flags)
{
	static const uint64_t bits[] = { 0x1, 0x4, 0x10, 0x40, 0x80, 0x800 };

	for (unsigned set = 0; set < 64; set++) {
		uint64_t flags = 0x202;

		for (unsigned i = 0; i < 6; i++)
			flags |= set >> i & 1 ? bits[i] : 0;
		cr_assert_eq(reach(5, flags).flags & FLAGS, flags & FLAGS, "flags %#lx",
			     (unsigned long)flags);
	}
}

Test(site_stubs, hand_the_arguments_over_in_system_call_order)
{
	static const unsigned order[] = { RDI, RSI, RDX, R10, R8, R9 };
	struct machine before = filled(0);

	reach(SITE_STUBS - 1, 0x202);
	cr_assert_eq(seen_index, SITE_STUBS - 1);
	for (unsigned i = 0; i < 6; i++)
		cr_assert_eq(seen_args[i], before.reg[order[i]], "argument %u", i);
}

Test(site_stubs, can_go_on_at_the_system_call_itself)
{
	answer = (struct site_answer){ 56, 1 };
	cr_assert_eq(reach(0, 0x202).reg[RAX], 56);
}

Test(site_stubs, can_be_served_on_another_stack)
{
	struct machine before = filled(0);

	answer = (struct site_answer){ 4712, 0 };
	for (unsigned turn = 0; turn < 100; turn++) {
		struct machine after = jump_to(apart_stub, turn % 2 ? 0xad7 : 0x202);

		cr_assert_eq(seen_index, 77);
		cr_assert_gt(seen_distance, 64 << 10, "it was the same stack");
		cr_assert_eq(after.reg[RAX], 4712);
		cr_assert_eq(after.flags & FLAGS, (turn % 2 ? 0xad7 : 0x202) & FLAGS);
		for (unsigned i = RBX; i < N_REGS; i++)
			if (i != RCX && i != R11)
				cr_assert_eq(after.reg[i], before.reg[i], "register %u", i);
		for (unsigned i = 0; i < 16; i++)
			cr_assert_eq(after.red_zone[i], before.red_zone[i], "red zone %u", i);
	}
}
