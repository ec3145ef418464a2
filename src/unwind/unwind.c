/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The walk up a stack, frame by frame, with a rule for each return address
 */

#include "unwind/unwind.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Where the registers are in the kernel's struct ucontext (asm/ucontext.h, asm/sigcontext.h). */
#if defined(__x86_64__)
#define CONTEXT_BP   120
#define CONTEXT_BX   128
#define CONTEXT_SP   160
#define CONTEXT_PC   168
#define CONTEXT_SIZE 176
#endif

/* @stack: what may be read; its start moves up with sp, so that a walk never goes back. */
struct walk {
	struct unwind_regs regs;
	struct addr_range stack;
	const struct unwind_host *host;
};

static inline uint64_t load(uint64_t addr)
{
	return *(const uint64_t *)(uintptr_t)addr;
}

static inline bool is_on_stack(const struct walk *walk, uint64_t addr)
{
	return addr >= walk->stack.start && addr < walk->stack.end &&
	       walk->stack.end - addr >= sizeof(uint64_t);
}

static inline bool add_frame(struct unwind_trace *trace, uint64_t pc)
{
	if (unlikely(trace->n == trace->max)) {
		trace->end = UNWIND_END_DEPTH;
		return false;
	}
	trace->frames[trace->n++] = pc;
	trace->hash = (trace->hash ^ pc) * 0x9e3779b97f4a7c15u;
	trace->hash ^= trace->hash >> 29;
	return true;
}

static bool finish(struct unwind_trace *trace, enum unwind_end end)
{
	trace->end = (uint8_t)end;
	return false;
}

/* Up to the caller, whose stack pointer is @cfa. */
static inline bool go_on(struct walk *walk, struct unwind_trace *trace, uint64_t pc, uint64_t cfa)
{
	walk->regs.pc = pc;
	walk->regs.sp = cfa;
	walk->stack.start = cfa;
	return likely(pc != 0) || finish(trace, UNWIND_END_OUTERMOST);
}

/*
 * An interrupted function may have taken registers off the stack already, whose rules
 * still say where they were: just below sp, where a signal leaves them alone.
 */
#define RED_ZONE 128

static bool enter_stack(struct walk *walk, struct unwind_trace *trace, bool exact)
{
	uint64_t lowest = walk->regs.sp - (exact ? RED_ZONE : 0);

	walk->stack = walk->host->stack(walk->host->context, walk->regs.sp);
	if (walk->stack.start == UINT64_MAX)
		return finish(trace, UNWIND_END_BUSY);
	if (walk->stack.end <= walk->regs.sp)
		return finish(trace, UNWIND_END_MEMORY);
	/* Of a stack that has overflowed only what is above can be read. */
	if (walk->stack.start < lowest)
		walk->stack.start = lowest;
	return true;
}

/* ----------------------------------------------------------------- by a rule */

static inline bool find_cfa(const struct walk *walk, uint64_t rule, uint64_t *cfa)
{
	const struct unwind_regs *regs = &walk->regs;
	uint64_t offset = (uint64_t)unwind_rule_offset(rule);

	switch (unwind_rule_kind(rule)) {
	case UNWIND_SP:
		*cfa = regs->sp + offset;
		break;
	case UNWIND_BP:
		*cfa = regs->bp + offset;
		break;
	case UNWIND_BX:
		*cfa = regs->bx + offset;
		break;
	default: /* UNWIND_AT_BP */
		if (!is_on_stack(walk, regs->bp + offset))
			return false;
		*cfa = load(regs->bp + offset);
		break;
	}
	return *cfa > regs->sp && *cfa <= walk->stack.end && *cfa % sizeof(uint64_t) == 0;
}

/* Return: false when it was saved where it can't be. */
static inline bool restore(const struct walk *walk, uint64_t *reg, uint64_t from, int slot)
{
	uint64_t addr = from + (uint64_t)((int64_t)slot * 8);

	if (slot == UNWIND_SAME)
		return true;
	if (unlikely(slot == UNWIND_LOST)) {
		*reg = 0;
		return true;
	}
	if (unlikely(!is_on_stack(walk, addr)))
		return false;
	*reg = load(addr);
	return true;
}

static inline bool step_by_table(struct walk *walk, struct unwind_trace *trace, uint64_t rule)
{
	uint64_t cfa, from, pc = 0;
	int bx = unwind_rule_bx(rule);
	int at = -1;

	if (unlikely(!find_cfa(walk, rule, &cfa)))
		return finish(trace, UNWIND_END_MEMORY);
	if (unlikely(rule & UNWIND_BIT_PC_ELSEWHERE)) {
		at = bx;
		bx = UNWIND_SAME;
	}
	from = likely(!(rule & UNWIND_BIT_FROM_BP)) ? cfa : walk->regs.bp;
	if (unlikely(!restore(walk, &pc, cfa, at) || !restore(walk, &walk->regs.bx, from, bx) ||
		     !restore(walk, &walk->regs.bp, from, unwind_rule_bp(rule))))
		return finish(trace, UNWIND_END_MEMORY);
	return go_on(walk, trace, pc, cfa);
}

/* Out of a handler: onto another stack, perhaps. */
static bool step_out_of_signal(struct walk *walk, struct unwind_trace *trace)
{
#if defined(CONTEXT_SIZE)
	uint64_t context = walk->regs.sp;

	if (!is_on_stack(walk, context + CONTEXT_SIZE - sizeof(uint64_t)))
		return finish(trace, UNWIND_END_MEMORY);
	walk->regs = (struct unwind_regs){
		.pc = load(context + CONTEXT_PC),
		.sp = load(context + CONTEXT_SP),
		.bp = load(context + CONTEXT_BP),
		.bx = load(context + CONTEXT_BX),
	};
	if (!enter_stack(walk, trace, true))
		return false;
	if (trace->n < UNWIND_FRAMES_MAX)
		trace->exact |= 1ULL << trace->n;
	return true;
#else
	(void)walk;
	return finish(trace, UNWIND_END_COMPLEX);
#endif
}

/* ---------------------------------------------------------- by a frame pointer */

/* push %rbp; mov %rsp, %rbp: the caller's bp, and above it where to return to. */
static bool read_frame_record(struct walk *walk, uint64_t *pc)
{
	uint64_t bp = walk->regs.bp;

	if (bp % sizeof(uint64_t) != 0 || !is_on_stack(walk, bp) || !is_on_stack(walk, bp + 8))
		return false;
	walk->regs.bp = load(bp);
	walk->regs.bx = 0;
	walk->regs.sp = walk->stack.start = bp + 16;
	*pc = load(bp + 8);
	return true;
}

static bool is_code(const struct unwind_host *host, uint64_t pc)
{
	return pc != 0 && (unwind_cache_find(host->cache, pc - 1) != 0 ||
			   host->is_code(host->context, pc - 1));
}

static bool is_at_start(const struct walk *walk)
{
	return walk->host->first_sp != NULL && walk->regs.sp == *walk->host->first_sp;
}

static bool step_by_guess(struct walk *walk, struct unwind_trace *trace)
{
	uint64_t pc;

	if (is_at_start(walk))
		return finish(trace, UNWIND_END_OUTERMOST);
	if (!read_frame_record(walk, &pc) || !is_code(walk->host, pc))
		return finish(trace, UNWIND_END_NO_RULE);
	if (trace->n < UNWIND_FRAMES_MAX)
		trace->guessed |= 1ULL << trace->n;
	walk->regs.pc = pc;
	return true;
}

/* ------------------------------------------------------------------- the walk */

static bool step_rarely(struct walk *walk, struct unwind_trace *trace, uint64_t rule)
{
	switch (unwind_rule_kind(rule)) {
	case UNWIND_SIGNAL:
		return step_out_of_signal(walk, trace);
	case UNWIND_OUTERMOST:
		return finish(trace, UNWIND_END_OUTERMOST);
	case UNWIND_GUESS:
		return step_by_guess(walk, trace);
	case UNWIND_NONE:
		return finish(trace, UNWIND_END_BUSY);
	case UNWIND_NO_CODE:
		return finish(trace, UNWIND_END_MEMORY);
	default:
		return finish(trace, UNWIND_END_COMPLEX);
	}
}

static inline bool step(struct walk *walk, struct unwind_trace *trace, uint64_t at)
{
	uint64_t rule = unwind_cache_find(walk->host->cache, at);

	if (unlikely(rule == 0))
		rule = walk->host->rule(walk->host->context, at);
	if (likely(unwind_rule_kind(rule) >= UNWIND_SP && unwind_rule_kind(rule) <= UNWIND_AT_BP))
		return step_by_table(walk, trace, rule);
	return step_rarely(walk, trace, rule);
}

static void begin(struct walk *walk, struct unwind_trace *trace, const struct unwind_regs *regs,
		  const struct unwind_host *host)
{
	walk->regs = *regs;
	walk->host = host;
	trace->n = 0;
	trace->exact = trace->guessed = trace->hash = 0;
}

/* Where to look for the rule of the frame that was added last. */
static inline uint64_t lookup_address(const struct unwind_trace *trace, uint64_t pc)
{
	return pc - !(trace->exact >> (trace->n - 1) & 1);
}

void unwind_walk(struct unwind_trace *trace, const struct unwind_regs *regs, bool first_is_exact,
		 const struct unwind_host *host)
{
	struct walk walk;

	begin(&walk, trace, regs, host);
	trace->exact = first_is_exact;
	if (!add_frame(trace, regs->pc) || !enter_stack(&walk, trace, first_is_exact))
		return;
	while (step(&walk, trace, lookup_address(trace, walk.regs.pc)))
		if (!add_frame(trace, walk.regs.pc))
			return;
}

void unwind_walk_frame_pointers(struct unwind_trace *trace, const struct unwind_regs *regs,
				const struct unwind_host *host)
{
	struct walk walk;
	uint64_t pc;

	begin(&walk, trace, regs, host);
	if (!add_frame(trace, regs->pc) || !enter_stack(&walk, trace, false))
		return;
	while (walk.regs.bp != 0) {
		if (!read_frame_record(&walk, &pc) || pc == 0) {
			finish(trace, UNWIND_END_MEMORY);
			return;
		}
		if (trace->n < trace->max)
			trace->guessed |= 1ULL << trace->n;
		if (!add_frame(trace, pc))
			return;
	}
	finish(trace, UNWIND_END_OUTERMOST);
}
