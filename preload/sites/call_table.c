/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include "base/sys.h"
#include "shim/shim.h"
#include "sites/call_table.h"
#include "threads/task.h"
#include "vma/vm_abi.h"
#include "vma/vm_call.h"

#if defined(__x86_64__)

/* The first row stands for all calls that are not caught. */
const struct site_call site_calls[] = {
	{ UINT32_MAX, VM_OP_NONE, SITE_PASS },
	{ SYS_mmap, VM_OP_MMAP, SITE_CALL },
	{ SYS_munmap, VM_OP_MUNMAP, SITE_CALL },
	{ SYS_mprotect, VM_OP_MPROTECT, SITE_CALL },
	{ SYS_pkey_mprotect, VM_OP_PKEY_MPROTECT, SITE_CALL },
	{ SYS_mremap, VM_OP_MREMAP, SITE_CALL },
	{ SYS_brk, VM_OP_BRK, SITE_CALL },
	{ SYS_shmat, VM_OP_SHMAT, SITE_CALL },
	{ SYS_shmdt, VM_OP_SHMDT, SITE_CALL },
	{ SYS_remap_file_pages, VM_OP_REMAP_FILE_PAGES, SITE_CALL },
	{ SYS_madvise, VM_OP_MADVISE, SITE_CALL },
	{ SYS_mlock, VM_OP_MLOCK, SITE_CALL },
	{ SYS_mlock2, VM_OP_MLOCK2, SITE_CALL },
	{ SYS_munlock, VM_OP_MUNLOCK, SITE_CALL },
	{ SYS_mlockall, VM_OP_MLOCKALL, SITE_CALL },
	{ SYS_munlockall, VM_OP_MUNLOCKALL, SITE_CALL },
	{ SYS_mseal, VM_OP_MSEAL, SITE_CALL },
	{ SYS_process_madvise, VM_OP_PROCESS_MADVISE, SITE_CALL },
	{ SYS_io_setup, VM_OP_IO_SETUP, SITE_CALL },
	{ SYS_io_destroy, VM_OP_IO_DESTROY, SITE_CALL },
	{ SYS_arch_prctl, VM_OP_ARCH_PRCTL, SITE_CALL },
	{ SYS_map_shadow_stack, VM_OP_MAP_SHADOW_STACK, SITE_CALL },
	{ SYS_personality, VM_OP_PERSONALITY, SITE_CALL },
	{ SYS_clone, VM_OP_FORK, SITE_FORK },
	{ SYS_clone3, VM_OP_NONE, SITE_FORK3 },
	{ SYS_vfork, VM_OP_NONE, SITE_VFORK },
	{ SYS_execve, VM_OP_EXEC, SITE_EXEC },
	{ SYS_execveat, VM_OP_EXECVEAT, SITE_EXEC },
	{ SYS_exit_group, VM_OP_NONE, SITE_EXIT },
	{ SYS_prctl, VM_OP_PRCTL, SITE_PRCTL },
	{ SYS_rt_sigaction, VM_OP_NONE, SITE_SIGACTION },
	{ SYS_sigaltstack, VM_OP_NONE, SITE_SIGALTSTACK },
	{ SYS_set_robust_list, VM_OP_NONE, SITE_THREAD },
	/* with raw=1 only */
	{ SYS_rt_sigprocmask, VM_OP_NONE, SITE_SIGMASK },
	{ SYS_rt_sigsuspend, VM_OP_NONE, SITE_WAIT },
	{ SYS_ppoll, VM_OP_NONE, SITE_WAIT },
	{ SYS_pselect6, VM_OP_NONE, SITE_WAIT },
	{ SYS_epoll_pwait, VM_OP_NONE, SITE_WAIT },
	{ SYS_epoll_pwait2, VM_OP_NONE, SITE_WAIT },
};
#define N_CALLS (sizeof(site_calls) / sizeof(site_calls[0]))

/* Filled from the table: the row. 64 KiB of which one page is ever touched. */
uint8_t site_wanted[1 << 16];

static bool is_for_raw(unsigned role)
{
	return role == SITE_SIGMASK || role == SITE_WAIT;
}

void site_calls_start(void)
{
	for (unsigned i = 1; i < N_CALLS; i++)
		if (!is_for_raw(site_calls[i].role) || shim.options.raw != 0)
			site_wanted[site_calls[i].nr] = (uint8_t)i;
}

enum site_role site_call_role(uint32_t nr)
{
	return site_call_of(nr)->role;
}

uint8_t site_call_op(uint32_t nr)
{
	return site_call_of(nr)->op;
}

#define CLONE_ARGS_SIZE 64 /* CLONE_ARGS_SIZE_VER0 */
#define CLONE_ARGS_TLS	7  /* @tls, the eighth of its words */

/* A child with the parent's memory and without a thread pointer of its own has the parent's. */
static void before_clone(uint64_t flags, uint64_t pointer)
{
	if (!(flags & CLONE_VM))
		return;
	if (flags & CLONE_SETTLS)
		thread_is_born(pointer);
	else
		task_shares_pointer(flags & CLONE_VFORK ? TASK_PARENT_WAITS : TASK_PARENT_RUNS);
}

/* struct clone_args: all that the kernel takes are as long as the first version. */
static void before_clone3(const uint64_t *clone_args, uint64_t size)
{
	if (size >= CLONE_ARGS_SIZE)
		before_clone(clone_args[0], clone_args[CLONE_ARGS_TLS]);
}

void site_call_passes(uint32_t nr, const uint64_t args[6])
{
	switch (site_call_role(nr)) {
	case SITE_FORK:
		before_clone(args[0], args[4]);
		break;
	case SITE_FORK3:
		before_clone3((const uint64_t *)(uintptr_t)args[0], args[1]);
		break;
	case SITE_VFORK:
		before_clone(CLONE_VM | CLONE_VFORK, 0);
		break;
	default:
		break;
	}
}

#endif
