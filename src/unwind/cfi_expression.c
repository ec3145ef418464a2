/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DWARF expressions, evaluated before anything is known but the address of the code
 *
 * Two kinds occur in ordinary code, and both end in a form that fits a rule:
 *
 *     a PLT entry     CFA = sp + 8 + (pc & 15 >= 11) * 8       -> sp + a number
 *     an aligned stack  CFA = *(bp - 8), registers at bp + n     -> a word at bp + a number
 */

#include "unwind/cfi_cursor.h"
#include "unwind/cfi_expression.h"
#include "unwind/cfi_registers.h"

#define DEPTH 8

enum {
	DEREF = 0x06,
	CONST1U = 0x08, /* to CONST8S: 1, 2, 4, 8 bytes, unsigned and signed in turn */
	CONST8S = 0x0f,
	CONSTU = 0x10,
	CONSTS = 0x11,
	AND = 0x1a,
	MINUS = 0x1c,
	MUL = 0x1e,
	PLUS = 0x22,
	PLUS_UCONST = 0x23,
	SHL = 0x24,
	SHR = 0x25,
	GE = 0x2a,
	GT = 0x2b,
	LE = 0x2c,
	LT = 0x2d,
	LIT0 = 0x30,
	LIT31 = 0x4f,
	BREG0 = 0x70,
	BREG31 = 0x8f,
};

struct stack {
	struct cfi_value value[DEPTH];
	unsigned n;
	bool failed;
};

static void push(struct stack *stack, struct cfi_value value)
{
	if (stack->n == DEPTH)
		stack->failed = true;
	else
		stack->value[stack->n++] = value;
}

static void push_number(struct stack *stack, uint64_t number)
{
	push(stack, (struct cfi_value){ .base = CFI_NOTHING, .offset = (int64_t)number });
}

static struct cfi_value pop(struct stack *stack)
{
	if (stack->n > 0)
		return stack->value[--stack->n];
	stack->failed = true;
	return (struct cfi_value){ 0 };
}

static int64_t pop_number(struct stack *stack)
{
	struct cfi_value value = pop(stack);

	stack->failed |= value.base != CFI_NOTHING;
	return value.offset;
}

static void dereference(struct stack *stack)
{
	struct cfi_value at = pop(stack);

	stack->failed |= at.base != CFI_REGISTER;
	push(stack, (struct cfi_value){ .base = CFI_WORD_AT, .reg = at.reg, .inner = at.offset });
}

/* One of the two is a number. */
static void add(struct stack *stack)
{
	struct cfi_value b = pop(stack);
	struct cfi_value a = pop(stack);
	struct cfi_value sum = a.base != CFI_NOTHING ? a : b;

	stack->failed |= a.base != CFI_NOTHING && b.base != CFI_NOTHING;
	sum.offset = (int64_t)((uint64_t)a.offset + (uint64_t)b.offset);
	push(stack, sum);
}

static void subtract(struct stack *stack)
{
	uint64_t b = (uint64_t)pop_number(stack);
	struct cfi_value a = pop(stack);

	a.offset = (int64_t)((uint64_t)a.offset - b);
	push(stack, a);
}

static void calculate(struct stack *stack, uint8_t code)
{
	int64_t b = pop_number(stack);
	int64_t a = pop_number(stack);

	switch (code) {
	case AND:
		push_number(stack, (uint64_t)(a & b));
		break;
	case MUL:
		push_number(stack, (uint64_t)a * (uint64_t)b);
		break;
	case SHL:
		push_number(stack, (uint64_t)b < 64 ? (uint64_t)a << b : 0);
		break;
	case SHR:
		push_number(stack, (uint64_t)b < 64 ? (uint64_t)a >> b : 0);
		break;
	case GE:
		push_number(stack, a >= b);
		break;
	case GT:
		push_number(stack, a > b);
		break;
	case LE:
		push_number(stack, a <= b);
		break;
	case LT:
		push_number(stack, a < b);
		break;
	default:
		stack->failed = true;
		break;
	}
}

static void push_constant(struct stack *stack, struct cfi_cursor *cursor, uint8_t code)
{
	unsigned size = 1u << (code - CONST1U) / 2;

	push_number(stack, (code - CONST1U) % 2 == 0 ? cfi_unsigned(cursor, size)
						     : (uint64_t)cfi_signed(cursor, size));
}

static void push_register(struct stack *stack, unsigned reg, int64_t offset, uint64_t pc)
{
	struct cfi_value value = { .base = CFI_REGISTER, .reg = reg, .offset = offset };

	if (reg == CFI_PC)
		value = (struct cfi_value){ .offset = (int64_t)(pc + (uint64_t)offset) };
	push(stack, value);
}

static void operation(struct stack *stack, struct cfi_cursor *cursor, uint64_t pc)
{
	uint8_t code = (uint8_t)cfi_unsigned(cursor, 1);

	if (code >= LIT0 && code <= LIT31) {
		push_number(stack, code - LIT0);
	} else if (code >= BREG0 && code <= BREG31) {
		push_register(stack, code - BREG0, cfi_sleb(cursor), pc);
	} else if (code >= CONST1U && code <= CONST8S) {
		push_constant(stack, cursor, code);
	} else if (code == CONSTU) {
		push_number(stack, cfi_uleb(cursor));
	} else if (code == CONSTS) {
		push_number(stack, (uint64_t)cfi_sleb(cursor));
	} else if (code == PLUS_UCONST) {
		push_number(stack, cfi_uleb(cursor));
		add(stack);
	} else if (code == PLUS) {
		add(stack);
	} else if (code == MINUS) {
		subtract(stack);
	} else if (code == DEREF) {
		dereference(stack);
	} else {
		calculate(stack, code);
	}
}

bool cfi_evaluate(const uint8_t *expression, uint64_t len, uint64_t pc, bool push_cfa,
		  struct cfi_value *value)
{
	struct cfi_cursor cursor = { .at = expression, .end = expression + len };
	struct stack stack = { .n = 0 };

	if (push_cfa)
		push_register(&stack, CFI_CFA, 0, pc);
	while (cursor.at < cursor.end && !stack.failed)
		operation(&stack, &cursor, pc);
	*value = pop(&stack);
	return !stack.failed && !cursor.bad;
}
