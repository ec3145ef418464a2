/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <linux/kcmp.h>
#include <sys/prctl.h>
#include "base/sys.h"
#include "shim/shim.h"
#include "threads/small_stack.h"
#include "threads/task.h"

bool task_reads_pointer;

/* ----------------------------------------------------------- the thread pointer */

#if defined(__x86_64__)

#define FSGSBASE (1 << 1) /* HWCAP2_FSGSBASE, Documentation/arch/x86/x86_64/fsgs.rst */
#define GET_FS	 0x1003	  /* ARCH_GET_FS */

/* By the ABI of thread-local storage, the pointer is also the first word that it points to. */
static bool has_self_pointer;

static uint64_t self_pointer(void)
{
	uint64_t pointer;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(pointer));
	return pointer;
}

static uint64_t find_capabilities(char **envp)
{
	const Elf64_auxv_t *entry;

	if (envp == NULL)
		return 0;
	while (*envp != NULL)
		envp++;
	for (entry = (const void *)(envp + 1); entry->a_type != AT_NULL; entry++)
		if (entry->a_type == AT_HWCAP2)
			return entry->a_un.a_val;
	return 0;
}

void task_start(char **envp)
{
	uint64_t base = 0;

	task_reads_pointer = (find_capabilities(envp) & FSGSBASE) != 0;
	if (!task_reads_pointer)
		has_self_pointer =
			sys_call6(SYS_arch_prctl, GET_FS, (long)&base, 0, 0, 0, 0) == 0 &&
			base != 0 && *(const uint64_t *)(uintptr_t)base == base;
}

/* Where it may be somebody else's, it is no more than a hint: who calls is always asked. */
static uint64_t read_pointer(void)
{
	if (task_reads_pointer)
		return task_pointer();
	return has_self_pointer ? self_pointer() : 0;
}

#else

void task_start(char **envp)
{
	(void)envp;
	task_reads_pointer = true;
}

static uint64_t read_pointer(void)
{
	return task_pointer();
}

#endif

/* ------------------------------------------------------------------- who calls */

/* In a confined process a new thread can't ask: its thread pointer tells it from others. */
#define MADE_UP (1u << 31)

static uint32_t learn(uint64_t pointer)
{
	if (shim.confined)
		return MADE_UP | (uint32_t)(pointer >> 4);
	return (uint32_t)sys_gettid();
}

uint32_t task_tid_of_nobody(void)
{
	return learn(read_pointer());
}

uint32_t task_tid_asked(void)
{
	return (uint32_t)sys_gettid();
}

/*
 * Not with each question: whose word is elsewhere would ask two more for nothing. The first
 * thread of an old libc has none before the constructors of its thread library have run.
 */
static void try_to_verify(struct thread *thread)
{
	uint32_t n = ++thread->n_asked;
	uint64_t word = 0;

	if (shim.confined || (n & (n - 1)) != 0)
		return;
	if (sys_call6(SYS_prctl, PR_GET_TID_ADDRESS, (long)&word, 0, 0, 0, 0) == 0 &&
	    sys_compare_word(word, task_tid_of(thread)) == 0)
		thread_verify(thread, word);
}

/* A handler may have been first. */
static struct thread *enter(uint64_t pointer, uint32_t tid)
{
	uint64_t mask = shim_block_signals();
	struct thread *thread = thread_find(pointer, tid);

	if (thread == NULL) {
		thread = thread_enter(pointer, tid, shim.confined ? NULL : task_is_gone);
		if (thread != NULL) {
			small_stack_ask(thread);
			thread_show(thread);
		}
	}
	shim_restore_signals(mask);
	return thread;
}

/* A fork child that nobody has noticed yet is what its parent was. */
static bool is_new_child(void)
{
	return shim.fork_mark != NULL && shim_is_new_child();
}

static struct thread *find_without_asking(uint64_t pointer)
{
	struct thread *thread = NULL;

	if (is_new_child()) {
		thread = thread_find_parent(pointer);
		return thread != NULL ? thread : &thread_nobody;
	}
	if (task_reads_pointer)
		thread = thread_find_verified(pointer);
	if (thread == NULL && shim.confined)
		thread = thread_find_by_pointer(pointer);
	return thread;
}

struct thread *task_ask(void)
{
	uint64_t pointer = read_pointer();
	struct thread *thread = find_without_asking(pointer);
	uint32_t tid;

	if (thread != NULL)
		return thread;
	tid = learn(pointer);
	thread = thread_find(pointer, tid);
	if (thread == NULL)
		thread = enter(pointer, tid);
	if (thread == NULL)
		return &thread_nobody;
	thread_is_back(thread);
	try_to_verify(thread);
	return thread;
}

void task_shares_pointer(enum task_parent parent)
{
	thread_share(task_self(),
		     parent == TASK_PARENT_RUNS ? THREAD_SHARED_FOR_GOOD : THREAD_SHARED);
}

void task_forget(void)
{
	uint64_t pointer = read_pointer();

	thread_begin_process(thread_find_parent(pointer), learn(pointer));
}

/* kcmp tells a process that executes another program, and a zombie, from one that is here. */
bool task_is_gone(uint32_t tid)
{
	long same;

	if (shim.confined || (tid & MADE_UP))
		return false;
	same = sys_call6(SYS_kcmp, sys_gettid(), tid, KCMP_VM, 0, 0, 0);
	if (same >= 0)
		return same != 0;
	return same == -ESRCH || sys_call6(SYS_tkill, tid, 0, 0, 0, 0, 0) == -ESRCH;
}
