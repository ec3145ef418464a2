/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_CFI_EXPRESSION_H
#define UNWIND_CFI_EXPRESSION_H

/*
 * cfi_expression - evaluates DWARF expressions before a walk, as far as that can be done (private
 * to src/unwind)
 */

#include <stdbool.h>
#include <stdint.h>

/*
 * The value of an expression, as far as it is known before the walk: a number
 * added to nothing, to a register, or to what is in memory at a register.
 */
enum cfi_base { CFI_NOTHING, CFI_REGISTER, CFI_WORD_AT };

struct cfi_value {
	enum cfi_base base;
	unsigned reg;
	int64_t inner; /* CFI_WORD_AT: the word at reg + inner */
	int64_t offset;
};

#define CFI_CFA 100 /* stands for a register whose value is the CFA */

/* Evaluates an expression. Return: false when it is something else than sums, conditions on
 * numbers, and one word of memory. */
bool cfi_evaluate(const uint8_t *expression, uint64_t len, uint64_t pc, bool push_cfa,
		  struct cfi_value *value);

#endif
