/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of operations: one row for each system call that can change an address space
 */

#include <string.h>
#include "vma/vm_abi.h"
#include "vma/vm_call.h"

/* What an architecture lacks: no call can have this number. */
#ifndef SYS_remap_file_pages
#define SYS_remap_file_pages (-1)
#endif
#ifndef SYS_pkey_mprotect
#define SYS_pkey_mprotect (-1)
#endif
#ifndef SYS_arch_prctl
#define SYS_arch_prctl (-1)
#endif

static const struct vm_op_info ops[VM_OP_COUNT] = {
	[VM_OP_NONE] = { "unknown", -1, 0, VM_RESULT_ZERO, { 0 } },
	[VM_OP_MMAP] = { "mmap",
			 SYS_mmap,
			 6,
			 VM_RESULT_ADDR,
			 { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_PROT, VM_ARG_MAP_FLAGS, VM_ARG_FD,
			   VM_ARG_OFFSET } },
	[VM_OP_MUNMAP] = { "munmap", SYS_munmap, 2, VM_RESULT_ZERO, { VM_ARG_ADDR, VM_ARG_LEN } },
	[VM_OP_MPROTECT] = { "mprotect",
			     SYS_mprotect,
			     3,
			     VM_RESULT_ZERO,
			     { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_PROT } },
	[VM_OP_PKEY_MPROTECT] = { "pkey_mprotect",
				  SYS_pkey_mprotect,
				  4,
				  VM_RESULT_ZERO,
				  { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_PROT, VM_ARG_PKEY } },
	[VM_OP_MREMAP] = { "mremap",
			   SYS_mremap,
			   5,
			   VM_RESULT_ADDR,
			   { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_LEN, VM_ARG_REMAP_FLAGS,
			     VM_ARG_ADDR } },
	[VM_OP_BRK] = { "brk", SYS_brk, 1, VM_RESULT_ADDR, { VM_ARG_ADDR } },
	[VM_OP_SHMAT] = { "shmat",
			  SYS_shmat,
			  3,
			  VM_RESULT_ADDR,
			  { VM_ARG_ID, VM_ARG_ADDR, VM_ARG_SHM_FLAGS } },
	[VM_OP_SHMDT] = { "shmdt", SYS_shmdt, 1, VM_RESULT_ZERO, { VM_ARG_ADDR } },
	[VM_OP_REMAP_FILE_PAGES] = { "remap_file_pages",
				     SYS_remap_file_pages,
				     5,
				     VM_RESULT_ZERO,
				     { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_PROT, VM_ARG_PGOFF,
				       VM_ARG_MAP_FLAGS } },
	[VM_OP_MADVISE] = { "madvise",
			    SYS_madvise,
			    3,
			    VM_RESULT_ZERO,
			    { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_ADVICE } },
	[VM_OP_FORK] = { "clone", SYS_clone, 1, VM_RESULT_PID, { VM_ARG_CLONE_FLAGS } },
	[VM_OP_EXEC] = { "execve",
			 SYS_execve,
			 3,
			 VM_RESULT_ZERO,
			 { VM_ARG_STRING, VM_ARG_ADDR, VM_ARG_ADDR } },
	[VM_OP_EXECVEAT] = { "execveat",
			     SYS_execveat,
			     5,
			     VM_RESULT_ZERO,
			     { VM_ARG_FD, VM_ARG_STRING, VM_ARG_ADDR, VM_ARG_ADDR, VM_ARG_HEX } },
	[VM_OP_EXIT] = { "exit_group", SYS_exit_group, 1, VM_RESULT_ZERO, { VM_ARG_ID } },
	[VM_OP_MSEAL] = { "mseal",
			  SYS_mseal,
			  3,
			  VM_RESULT_ZERO,
			  { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_HEX } },
	[VM_OP_MLOCK] = { "mlock", SYS_mlock, 2, VM_RESULT_ZERO, { VM_ARG_ADDR, VM_ARG_LEN } },
	[VM_OP_MLOCK2] = { "mlock2",
			   SYS_mlock2,
			   3,
			   VM_RESULT_ZERO,
			   { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_MLOCK_FLAGS } },
	[VM_OP_MUNLOCK] = { "munlock",
			    SYS_munlock,
			    2,
			    VM_RESULT_ZERO,
			    { VM_ARG_ADDR, VM_ARG_LEN } },
	[VM_OP_MLOCKALL] = { "mlockall",
			     SYS_mlockall,
			     1,
			     VM_RESULT_ZERO,
			     { VM_ARG_MLOCKALL_FLAGS } },
	[VM_OP_MUNLOCKALL] = { "munlockall", SYS_munlockall, 0, VM_RESULT_ZERO, { 0 } },
	[VM_OP_PROCESS_MADVISE] = { "process_madvise",
				    SYS_process_madvise,
				    5,
				    VM_RESULT_COUNT,
				    { VM_ARG_FD, VM_ARG_ADDR, VM_ARG_ID, VM_ARG_ADVICE,
				      VM_ARG_HEX } },
	[VM_OP_PRCTL] = { "prctl",
			  SYS_prctl,
			  5,
			  VM_RESULT_ZERO,
			  { VM_ARG_PRCTL, VM_ARG_HEX, VM_ARG_HEX, VM_ARG_HEX, VM_ARG_HEX } },
	[VM_OP_IO_SETUP] = { "io_setup",
			     SYS_io_setup,
			     2,
			     VM_RESULT_ZERO,
			     { VM_ARG_ID, VM_ARG_ADDR } },
	[VM_OP_IO_DESTROY] = { "io_destroy", SYS_io_destroy, 1, VM_RESULT_ZERO, { VM_ARG_ADDR } },
	[VM_OP_ARCH_PRCTL] = { "arch_prctl",
			       SYS_arch_prctl,
			       2,
			       VM_RESULT_COUNT,
			       { VM_ARG_ARCH_PRCTL, VM_ARG_ADDR } },
	[VM_OP_MAP_SHADOW_STACK] = { "map_shadow_stack",
				     SYS_map_shadow_stack,
				     3,
				     VM_RESULT_ADDR,
				     { VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_SHADOW_FLAGS } },
	[VM_OP_PERSONALITY] = { "personality",
				SYS_personality,
				1,
				VM_RESULT_COUNT,
				{ VM_ARG_PERSONALITY } },
};

static const char *const tier_names[VM_TIER_COUNT] = {
	[VM_TIER_NONE] = "none",       [VM_TIER_SYMBOL] = "symbol", [VM_TIER_SITE] = "site",
	[VM_TIER_SYSCALL] = "syscall", [VM_TIER_RAW] = "raw",
};

const struct vm_op_info *vm_op_info(unsigned op)
{
	return &ops[op < VM_OP_COUNT ? op : VM_OP_NONE];
}

const char *vm_tier_name(unsigned tier)
{
	return tier < VM_TIER_COUNT ? tier_names[tier] : "unknown";
}

bool vm_op_makes_space(unsigned op)
{
	return op == VM_OP_FORK || op == VM_OP_EXEC || op == VM_OP_EXECVEAT || op == VM_OP_EXIT;
}

enum vm_op vm_op_of_nr(long nr)
{
	if (nr < 0)
		return VM_OP_NONE;
	for (unsigned op = VM_OP_MMAP; op < VM_OP_COUNT; op++)
		if (ops[op].nr == nr)
			return vm_op_makes_space(op) ? VM_OP_NONE : (enum vm_op)op;
	return VM_OP_NONE;
}

bool vm_call_matters(enum vm_op op, const uint64_t args[6])
{
	switch (op) {
	case VM_OP_NONE:
		return false;
	case VM_OP_PRCTL:
		return (uint32_t)args[0] == PR_SET_VMA || (uint32_t)args[0] == PR_SET_MM ||
		       (uint32_t)args[0] == PR_SET_MDWE;
	case VM_OP_ARCH_PRCTL:
		return (args[0] >= VM_ARCH_MAP_VDSO_X32 && args[0] <= VM_ARCH_MAP_VDSO_64) ||
		       args[0] == VM_ARCH_SHSTK_ENABLE || args[0] == VM_ARCH_SHSTK_DISABLE;
	case VM_OP_PERSONALITY:
		return (uint32_t)args[0] != VM_PERSONALITY_QUERY;
	default:
		return true;
	}
}

enum vm_op vm_op_of_call(long nr, const uint64_t args[6])
{
	enum vm_op op = vm_op_of_nr(nr);

	return vm_call_matters(op, args) ? op : VM_OP_NONE;
}

/* The kernel has just written there. */
void vm_call_learn(struct vm_call *call)
{
	if (call->op != VM_OP_IO_SETUP)
		return;
	call->args[2] = 0;
	if (!vm_call_failed(call))
		memcpy(&call->args[2], (const void *)(uintptr_t)call->args[1],
		       sizeof(unsigned long));
}
