/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include "base/sys.h"
#include "shim/shim.h"
#include "threads/small_stack.h"

#define SMALL	   (12u << 10)
#define STACK_SIZE (16u << 10)
#define STACKS	   4
#define PATIENCE   20000 /* a millisecond or so: then there is none */

static struct small_stack small_part(uintptr_t start, uintptr_t size)
{
	return (struct small_stack){ start, size < SMALL ? size : 0 };
}

void small_stack_set(struct thread *self, uintptr_t start, uintptr_t size)
{
	if (self != &thread_nobody)
		self->small_stack = small_part(start, size);
}

/* Now. */
static struct small_stack ask(void)
{
	stack_t stack;

	if (shim.confined || sys_sigaltstack(NULL, &stack) < 0 || (stack.ss_flags & SS_DISABLE))
		return (struct small_stack){ 0, 0 };
	return small_part((uintptr_t)stack.ss_sp, stack.ss_size);
}

void small_stack_ask(struct thread *self)
{
	self->small_stack = ask();
}

#if defined(__x86_64__)

static unsigned char stacks[STACKS][STACK_SIZE] __attribute__((aligned(4096)));
static uint32_t taken; /* one bit each */

void small_stack_forget(void)
{
	taken = 0;
}

static int take_stack(void)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		uint32_t now = __atomic_load_n(&taken, __ATOMIC_RELAXED);
		uint32_t free = ~now & ((1u << STACKS) - 1);

		if (free != 0 &&
		    __atomic_compare_exchange_n(&taken, &now, now | (free & -free), false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return __builtin_ctz(free);
		__builtin_ia32_pause();
	}
	return -1;
}

static void call_on(unsigned char *top, small_stack_fn fn, struct vm_call *call,
		    const struct unwind_regs *from, struct thread *self)
{
	/* rbx survives the call, and is where the stack pointer was. */
	__asm__ volatile("mov %%rsp, %%rbx\n\t"
			 "mov %[top], %%rsp\n\t"
			 "call *%[fn]\n\t"
			 "mov %%rbx, %%rsp"
			 : "+D"(call), "+S"(from), "+d"(self), [fn] "+r"(fn), [top] "+r"(top)
			 :
			 : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
}

static bool is_on_small_stack(void)
{
	struct small_stack stack = ask();

	return (uintptr_t)__builtin_frame_address(0) - stack.start < stack.size;
}

bool small_stack_leave(small_stack_fn fn, struct vm_call *call, const struct unwind_regs *from,
		       struct thread *self)
{
	uint64_t mask;
	int i;

	if (shim.confined || (self == &thread_nobody && !is_on_small_stack()))
		return false;
	mask = shim_block_signals();
	i = take_stack();
	if (i >= 0) {
		call_on(stacks[i] + STACK_SIZE, fn, call, from, self);
		__atomic_fetch_and(&taken, ~(1u << i), __ATOMIC_RELEASE);
	}
	shim_restore_signals(mask);
	return i >= 0;
}

#else

void small_stack_forget(void)
{
}

bool small_stack_leave(small_stack_fn fn, struct vm_call *call, const struct unwind_regs *from,
		       struct thread *self)
{
	(void)fn;
	(void)self;
	(void)call;
	(void)from;
	return false;
}

#endif
