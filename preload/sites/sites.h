/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITES_H
#define PRELOAD_SITES_H

/*
 * sites - catch calls where a program, its libraries or the loader enter the kernel
 *
 * libc and ld.so call hidden copies of mmap and its kin, which no symbol can stand
 * in front of, and other code has system call instructions of its own. On x86-64
 * most such places read
 *
 *     b8 NR NR NR NR    mov $NR, %eax          e9 ......   jmp stub
 *     0f 05             syscall           ->   0f 05       syscall
 *     ...               <- resume here         ...
 *
 * and only the five bytes of the mov are overwritten. The syscall stays, so a
 * thread that is past the mov already, or a system call that the kernel
 * restarts, still runs valid code: one event missed, nothing broken. Other places
 * are made of other instructions: see site_judge.h.
 *
 * Every private, executable, unwritable mapping of a file is searched once, at the
 * moment when it becomes executable: at the start, or before the mmap or mprotect
 * returns that made it so. None of its code has run by then, but for libc's and
 * ld.so's own, when there is one thread yet. What is found later is not touched.
 *
 * The write goes through /proc/self/mem: no page changes its protection, and the map
 * stays byte-identical. Nothing is patched back, but what mremap moves away: a
 * jump is relative.
 *
 *     sites.c        when, where, and the table      site_text.c      reading
 *     site_scan.c    finding 0f 05                   site_function.c  function bounds
 *     site_judge.c   is it safe?                     x86_insn.c       instructions
 *     site_stubs.c, site_stubs_x86_64.S  the stubs   site_calls.c     what they call
 */

#include <stdbool.h>
#include <stdint.h>
#include "vma/vm_call.h"
#include "vma/vm_flags.h"
#include "vma/vm_object.h"
#include "capture/route.h"
#include "sites/site_judge.h"

#define SITES_MAX  1024 /* patched, at one time */
#define SITE_STUBS 256	/* of them with a stub in the shim's own text */

struct site {
	uint64_t addr; /* of the jump; 0: free */
	uint64_t stub;
	uint32_t nr;	  /* or SITE_ANY_NR: in rax */
	uint8_t bytes[8]; /* what the jump took the place of */
};

/* Below the stack pointer, a function's own: the frame begins under it. */
#define SITE_RED_ZONE 128

/* What a stub leaves on the stack, from the top. */
struct site_frame {
	uint64_t args[6]; /* rdi rsi rdx r10 r8 r9 */
	uint64_t flags;
	uint64_t rax; /* the number, where the site's stub is a generated one */
	uint64_t rbp;
	uint64_t index;
	uint64_t resume; /* behind the syscall instruction */
};

/* What a stub does next, in rax and rdx. */
struct site_answer {
	int64_t rax;
	int64_t original; /* 1: run the site's own syscall instruction, with this rax */
};

__attribute__((visibility("hidden"))) struct site_answer
site_reached(const struct site_frame *frame);

/* The number a site is known to make, or SITE_ANY_NR. */
uint32_t site_nr(uint64_t index);

/* Are all such calls inside libc and ld.so seen? */
bool sites_see(enum site_role role);

/* Of each piece of code of libc and ld.so: an address. */
void sites_trusted(void (*each)(uint64_t addr));
/* A file, by its name. */
bool sites_is_libc_or_loader(const char *path);

/* This process's memory, for writing where it is not writable. Return: a descriptor, or -errno. */
int sites_open_memory(void);

/* Before main(): everything that is executable. */
void sites_start(void);

/* Around a call, with the lock held: does it make a file's code executable, or move it? */
void sites_before(const struct vm_call *call);
void sites_after(const struct vm_call *call);
/* ... which was made without the lock: its code may be running already. */
void sites_late(const struct vm_call *call);

/* Most calls have nothing to do with code. */
static inline bool sites_may_change(const struct vm_call *call)
{
	return (call->op == VM_OP_MREMAP) |
	       ((call->op == VM_OP_MMAP || vm_call_is_protect(call)) && (call->args[2] & VM_EXEC));
}

/* Few are those that map a file's code, and worth waiting for. */
static inline bool sites_bring_code(const struct vm_call *call)
{
	return call->op == VM_OP_MMAP && (call->args[2] & VM_EXEC) && (int32_t)call->args[4] >= 0;
}

/* The shim's own pages of code, for the map. Returns how many. */
#define SITE_PAGES_MAX 32
unsigned site_pages(const struct addr_range **pages);

/* site_stubs.c */

/*
 * A stub that @plan's jump can reach; @addr is where the jump will be, @index what the
 * stub tells site_reached(). Return: its address; 0: none can be had.
 */
uint64_t site_stub(const struct site_plan *plan, uint64_t addr, uint32_t index, int mem);
/* Nobody comes there any more. */
void site_stub_free(uint64_t stub);
/* Where a stub goes in the end. */
uint64_t site_entry(void);

/*
 * The next bytes 0f 05 at or after @at, below @end. Return: where, or @end.
 */
const unsigned char *site_scan(const unsigned char *at, const unsigned char *end);

#endif
