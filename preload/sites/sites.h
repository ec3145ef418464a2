/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITES_H
#define PRELOAD_SITES_H

/*
 * sites - finds and patches the instructions where code enters the kernel
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
 *     sites.c        when and where to look          site_text.c      reading
 *     site_scan.c    finding 0f 05                   site_function.c  function bounds
 *     site_judge.c   is it safe?                     x86_insn.c       instructions
 *     site_table.c   what is patched                 call_table.c     which calls, in which role
 *     site_stubs.c, site_stubs_x86_64.S  the stubs   site_cache.c     where to look, remembered
 */

#include <stdbool.h>
#include <stdint.h>
#include "vma/vm_call.h"
#include "vma/vm_flags.h"
#include "vma/vm_object.h"
#include "sites/site_stubs.h"

/* Calls @each with an address in each piece of code of libc and ld.so. */
void sites_each_trusted(void (*each)(uint64_t addr));

/* Searches everything that is executable, before main(). @reached: what the stubs call. */
void sites_start(site_reached_fn *reached);

/* Notes which code of files the call may make executable. With the lock held, before it is made. */
void sites_before(const struct vm_call *call);
/* Searches what the call has made executable, or moved. With the lock held, after it was made. */
void sites_after(const struct vm_call *call);
/* Writes down the sites of such code, and patches none: the call was made without the lock, and
 * the code may be running already. */
void sites_late(const struct vm_call *call);

/* Can the call have to do with code? Most have not. */
static inline bool sites_may_change(const struct vm_call *call)
{
	return (call->op == VM_OP_MREMAP) |
	       ((call->op == VM_OP_MMAP || vm_call_is_protect(call)) && (call->args[2] & VM_EXEC));
}

/* Does the call map a file's code? Few do, and are worth waiting for. */
static inline bool sites_bring_code(const struct vm_call *call)
{
	return call->op == VM_OP_MMAP && (call->args[2] & VM_EXEC) && (int32_t)call->args[4] >= 0;
}

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
