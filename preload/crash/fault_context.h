/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_FAULT_CONTEXT_H
#define PRELOAD_FAULT_CONTEXT_H

/*
 * fault_context - what the processor says about a fault, out of a signal's context
 */

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include "ledger/ledger_format.h"
#include "unwind/unwind.h"

#if defined(__x86_64__)

/* The error code of a page fault, trap 14: Intel SDM volume 3, 4.7. */
#define TRAP_PAGE_FAULT 14
#define ERROR_WRITE	0x2
#define ERROR_FETCH	0x10

static inline void fault_context_read(const ucontext_t *context, struct ledger_fault *fault)
{
	const greg_t *registers = context->uc_mcontext.gregs;
	uint64_t error = (uint64_t)registers[REG_ERR];

	fault->pc = (uint64_t)registers[REG_RIP];
	fault->sp = (uint64_t)registers[REG_RSP];
	fault->trap = (uint64_t)registers[REG_TRAPNO] << 32 | (uint32_t)error;
	fault->n_registers = NGREG;
	memcpy(fault->registers, registers, sizeof(greg_t) * NGREG);
	if (registers[REG_TRAPNO] == TRAP_PAGE_FAULT)
		fault->access = error & ERROR_FETCH   ? LEDGER_ACCESS_EXECUTE
				: error & ERROR_WRITE ? LEDGER_ACCESS_WRITE
						      : LEDGER_ACCESS_READ;
}

static inline void fault_context_unwind(const ucontext_t *context, struct unwind_regs *regs)
{
	const greg_t *registers = context->uc_mcontext.gregs;

	*regs = (struct unwind_regs){
		.pc = (uint64_t)registers[REG_RIP],
		.sp = (uint64_t)registers[REG_RSP],
		.bp = (uint64_t)registers[REG_RBP],
		.bx = (uint64_t)registers[REG_RBX],
	};
}

/*
 * Behind a call to what can't be executed: the return address is all that was
 * pushed. @readable: of the stack, from sp upwards.
 */
static inline bool fault_context_return(struct unwind_regs *regs, struct addr_range readable)
{
	if (regs->sp < readable.start || readable.end - regs->sp < sizeof(uint64_t) ||
	    regs->sp >= readable.end)
		return false;
	regs->pc = *(const uint64_t *)regs->sp;
	regs->sp += sizeof(uint64_t);
	return true;
}

#elif defined(__aarch64__)

#include <asm/sigcontext.h>

/* ESR_EL1: exception class in bits 26 to 31, "write, not read" in bit 6 of a data abort. */
#define ESR_CLASS(esr) ((esr) >> 26 & 0x3f)
#define ESR_FETCH      0x20
#define ESR_DATA       0x24
#define ESR_WRITE      0x40

static inline uint64_t fault_context_esr(const ucontext_t *context)
{
	const unsigned char *at = (const unsigned char *)context->uc_mcontext.__reserved;
	const unsigned char *end = at + sizeof(context->uc_mcontext.__reserved);

	while (at + sizeof(struct esr_context) <= end) {
		const struct _aarch64_ctx *head = (const void *)at;

		if (head->magic == ESR_MAGIC)
			return ((const struct esr_context *)(const void *)at)->esr;
		if (head->magic == 0 || head->size < sizeof(*head))
			return 0;
		at += head->size;
	}
	return 0;
}

static inline void fault_context_read(const ucontext_t *context, struct ledger_fault *fault)
{
	const mcontext_t *machine = &context->uc_mcontext;
	uint64_t esr = fault_context_esr(context);

	fault->pc = machine->pc;
	fault->sp = machine->sp;
	fault->trap = esr;
	fault->n_registers = 34;
	memcpy(fault->registers, machine->regs, sizeof(machine->regs));
	fault->registers[31] = machine->sp;
	fault->registers[32] = machine->pc;
	fault->registers[33] = machine->pstate;
	if (ESR_CLASS(esr) == ESR_FETCH)
		fault->access = LEDGER_ACCESS_EXECUTE;
	else if (ESR_CLASS(esr) == ESR_DATA)
		fault->access = esr & ESR_WRITE ? LEDGER_ACCESS_WRITE : LEDGER_ACCESS_READ;
}

static inline void fault_context_unwind(const ucontext_t *context, struct unwind_regs *regs)
{
	*regs = (struct unwind_regs){
		.pc = context->uc_mcontext.pc,
		.sp = context->uc_mcontext.sp,
		.bp = context->uc_mcontext.regs[29],
	};
}

/* Behind a call to what can't be executed: x30 is not kept, so the stack ends here. */
static inline bool fault_context_return(struct unwind_regs *regs, struct addr_range readable)
{
	(void)regs;
	(void)readable;
	return false;
}

#endif

#endif
