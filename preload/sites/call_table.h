/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_CALL_TABLE_H
#define PRELOAD_CALL_TABLE_H

/*
 * call_table - which system calls are caught at their instructions, and in which role
 *
 * One row per system call number. What is done when such an instruction is reached is the
 * business of capture/route.h; the role is all that the sites need to know of it.
 */

#include <stdbool.h>
#include <stdint.h>

/* What to do with a call. */
enum site_role {
	SITE_PASS,  /* nothing */
	SITE_CALL,  /* a vm_op: the recorder makes the call */
	SITE_FORK,  /* the recorder makes the call, unless it shares memory or moves the stack */
	SITE_FORK3, /* clone3: made as it is */
	SITE_VFORK, /* likewise */
	SITE_PRCTL, /* recorded where it matters; learn that the process is confined */
	SITE_SIGACTION, /* rt_sigaction: fault.h */
	SITE_SIGALTSTACK,
	SITE_THREAD,  /* set_robust_list: libc begins a thread, or is in a fork child */
	SITE_EXEC,    /* recorded, unless a vfork child makes it */
	SITE_SIGMASK, /* rt_sigprocmask: raw.h */
	SITE_WAIT,    /* ppoll and its like, which come with a mask */
	SITE_EXIT,    /* the process ends */
	SITE_ROLES,
};

/* By system call number: the row of a call that is caught, or 0. Generated stubs look here. */
extern uint8_t site_wanted[1 << 16] __attribute__((visibility("hidden")));

/* One system call that is caught. @op: enum vm_op, @role: enum site_role. */
struct site_call {
	uint32_t nr;
	uint8_t op;
	uint8_t role;
};

extern const struct site_call site_calls[] __attribute__((visibility("hidden")));

/* Fills the index, of rows that the options ask for. Before sites are searched. */
void site_calls_start(void);

/* Is the system call @nr one that is caught? */
static inline bool site_call_is_wanted(uint32_t nr)
{
	return nr < sizeof(site_wanted) && site_wanted[nr] != 0;
}

/* Finds the row of the system call @nr: one with SITE_PASS where it is not caught. */
static inline const struct site_call *site_call_of(uint32_t nr)
{
	return &site_calls[nr < sizeof(site_wanted) ? site_wanted[nr] : 0];
}

/* Tells what is done with the system call @nr. */
enum site_role site_call_role(uint32_t nr);

/* Tells the enum vm_op of the system call @nr, or VM_OP_NONE where it is not caught. */
uint8_t site_call_op(uint32_t nr);

/*
 * Prepares for a call that goes to the kernel as the program made it, and may make a child with
 * its parent's memory. Does nothing for calls that make none.
 */
void site_call_passes(uint32_t nr, const uint64_t args[6]);

#endif
