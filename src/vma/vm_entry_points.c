/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table behind `mapledger help coverage': how an address space changes, and how each way
 * is caught
 */

#include "vma/vm_entry_points.h"

#define NOTHING "nothing"

/* clang-format off */
const struct vm_entry_point vm_entry_points[] = {
	{ "mmap", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "a new area where the result says; files, shared memory and huge pages are read back",
	  NOTHING, "rules.c mmap, victim_calls.c anonymous" },
	{ "mmap, MAP_FIXED", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "replaces what was there, guards too",
	  "perhaps a hole: the range is read back", "victim_entry_points.c failures_that_leave_holes" },
	{ "mmap, MAP_GROWSDOWN or MAP_LOCKED", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "an area that grows, or is locked", NOTHING, "hidden.c attributes_are_the_kernels_after_every_call" },
	{ "mmap, MAP_DROPPABLE (Linux 6.11)", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "always wiped in children, never locked", NOTHING, "rules.c mmap, rules.c sealing_and_locking" },
	{ "mmap of /dev/zero or a memfd", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "as a file; device, inode and offset are read back", NOTHING, "victim_calls.c files" },
	{ "mmap of a read-only file, shared", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "shared; never writable", NOTHING, "victim_entry_points.c read_only_descriptors" },
	{ "mmap of huge pages", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "whole huge pages, read back", "a hole under MAP_FIXED: read back", "victim_entry_points.c huge_pages" },
	{ "mmap of memfd_secret", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "as a file", "a hole under MAP_FIXED: read back", "victim_entry_points.c secret_memory" },
	{ "mmap of perf rings", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "as a file; not inherited, which a child sees", "a hole under MAP_FIXED: read back",
	  "victim_entry_points.c perf_rings" },
	{ "mmap of io_uring rings", { VM_OP_MMAP }, VM_CAPTURE_CALL,
	  "as a file", NOTHING, "victim_entry_points.c uring_rings" },
	{ "munmap", { VM_OP_MUNMAP }, VM_CAPTURE_CALL,
	  "what is in the range goes, over gaps", NOTHING, "rules.c munmap, victim_calls.c anonymous" },
	{ "mprotect, pkey_mprotect", { VM_OP_MPROTECT, VM_OP_PKEY_MPROTECT }, VM_CAPTURE_CALL,
	  "protection, and the key, over areas", "what comes before the obstacle is changed: read back",
	  "rules.c mprotect, victim_calls.c anonymous, scenarios.c keys_are_kept_but_not_shown" },
	{ "mprotect, PROT_GROWSDOWN", { VM_OP_MPROTECT }, VM_CAPTURE_CALL,
	  "from the stack's start on, read back", "read back",
	  "scenarios.c protecting_a_stack_reaches_what_grew" },
	{ "mremap", { VM_OP_MREMAP }, VM_CAPTURE_CALL,
	  "longer, shorter, moved, twice, or moved and still there; guards move, and do not grow",
	  "read back", "rules.c mremap, victim_calls.c moved" },
	{ "mremap of many areas (Linux 6.17)", { VM_OP_MREMAP }, VM_CAPTURE_CALL,
	  "all move, gaps keep what was there; read back",
	  "some have moved, with locks, guards and advice: read back; which, is not known under "
	  "MREMAP_DONTUNMAP",
	  "scenarios.c a_move_may_fail_after_its_first_areas, rules.c what_answers_tell_of_mremap, "
	  "victim_entry_points.c many_areas_at_once" },
	{ "brk", { VM_OP_BRK }, VM_CAPTURE_CALL,
	  "the heap grows; shrinking takes whatever is in the way", NOTHING,
	  "rules.c brk, victim_entry_points.c heap_over_others" },
	{ "shmat", { VM_OP_SHMAT }, VM_CAPTURE_CALL,
	  "a segment, read back for its size", NOTHING, "rules.c shm, victim_calls.c segments" },
	{ "shmdt", { VM_OP_SHMDT }, VM_CAPTURE_CALL,
	  "all pieces in their places go, others stay, and what is sealed; read back", NOTHING,
	  "rules.c shm, victim_entry_points.c moved_segments" },
	{ "remap_file_pages", { VM_OP_REMAP_FILE_PAGES }, VM_CAPTURE_CALL,
	  "another offset, read back", "of huge pages a hole: read back",
	  "rules.c madvise_and_others, victim_calls.c files" },
	{ "madvise: fork advice", { VM_OP_MADVISE }, VM_CAPTURE_CALL,
	  "not inherited, or wiped in children", "all but gaps, or up to what refused",
	  "hidden.c attributes_are_the_kernels_after_every_call, victim_forks.c not_inherited" },
	{ "madvise: guard pages", { VM_OP_MADVISE }, VM_CAPTURE_CALL,
	  "exact ranges; they outlive MADV_DONTNEED and fork", "all but gaps, or up to what refused",
	  "hidden.c attributes_are_the_kernels_after_every_call, victim_entry_points.c guards" },
	{ "madvise: everything else", { VM_OP_MADVISE }, VM_CAPTURE_CALL,
	  NOTHING, NOTHING, "rules.c madvise_and_others, victim_calls.c advised" },
	{ "process_madvise of itself", { VM_OP_PROCESS_MADVISE }, VM_CAPTURE_CALL,
	  "as madvise, range by range: the parts follow", "the element it stopped at in part",
	  "victim_entry_points.c advice_by_vector" },
	{ "mseal", { VM_OP_MSEAL }, VM_CAPTURE_CALL,
	  "sealed", NOTHING, "rules.c sealing_and_locking, victim_entry_points.c seals" },
	{ "mlock, mlock2, munlock", { VM_OP_MLOCK, VM_OP_MLOCK2, VM_OP_MUNLOCK }, VM_CAPTURE_CALL,
	  "locked, or not any more", "up to the first gap; over RLIMIT_MEMLOCK nothing",
	  "rules.c sealing_and_locking, victim_entry_points.c locks" },
	{ "mlockall, munlockall", { VM_OP_MLOCKALL, VM_OP_MUNLOCKALL }, VM_CAPTURE_CALL,
	  "everything; MCL_FUTURE: what is to come", NOTHING,
	  "rules.c what_is_to_come_is_locked, victim_entry_points.c locks" },
	{ "prctl, PR_SET_VMA", { VM_OP_PRCTL }, VM_CAPTURE_SOME,
	  "nothing: a name is a label, and not compared", NOTHING, "victim_entry_points.c names" },
	{ "prctl, PR_SET_MM", { VM_OP_PRCTL }, VM_CAPTURE_SOME,
	  "the break and the labels [heap] and [stack] move", NOTHING,
	  "rules.c limits_moved_by_prctl, victim_entry_points.c limits" },
	{ "prctl, PR_SET_MDWE", { VM_OP_PRCTL }, VM_CAPTURE_SOME,
	  "nothing; later calls are refused", NOTHING, "calls.c only_what_concerns_memory_matters" },
	{ "io_setup", { VM_OP_IO_SETUP }, VM_CAPTURE_SITE,
	  "a ring where the kernel chose, read back for its size", NOTHING,
	  "rules.c rings_vdso_and_stacks, victim_entry_points.c aio_rings" },
	{ "io_destroy", { VM_OP_IO_DESTROY }, VM_CAPTURE_SITE,
	  "the ring's range goes, with whatever else is in it, or nothing where something is sealed; read back",
	  NOTHING,
	  "rules.c rings_vdso_and_stacks, victim_entry_points.c aio_rings" },
	{ "arch_prctl, ARCH_MAP_VDSO_*", { VM_OP_ARCH_PRCTL }, VM_CAPTURE_SITE,
	  "a vdso somewhere: everything is read back", NOTHING, "victim_entry_points.c vdso" },
	{ "map_shadow_stack", { VM_OP_MAP_SHADOW_STACK }, VM_CAPTURE_SITE,
	  "a new area, read back", NOTHING,
	  "rules.c rings_vdso_and_stacks, victim_entry_points.c shadow_stacks" },
	{ "personality, READ_IMPLIES_EXEC", { VM_OP_PERSONALITY }, VM_CAPTURE_SOME,
	  "what can be read can be executed: later calls are read back", NOTHING,
	  "rules.c a_personality_changes, victim_entry_points.c reading_is_executing" },
	{ "fork, clone without CLONE_VM", { VM_OP_FORK }, VM_CAPTURE_CHILD,
	  "a ledger of its own, from its first call on; locks are not inherited",
	  NOTHING, "victim_forks.c by_fork, victim_entry_points.c children_begin_anew" },
	{ "vfork, posix_spawn, CLONE_VM", { VM_OP_NONE }, VM_CAPTURE_CALL,
	  "the child's calls change the parent's map", NOTHING, "victim_forks.c by_vfork, victim_tasks.c shared_memory" },
	{ "execve, execveat", { VM_OP_EXEC, VM_OP_EXECVEAT }, VM_CAPTURE_CALL,
	  "another map: a new ledger, linked to this one", NOTHING, "exec.py main" },
	{ "exit, exit_group", { VM_OP_EXIT }, VM_CAPTURE_CALL,
	  "the map is compared for the last time", NOTHING, "run.py deaths" },
	{ "a stack grows", { VM_OP_NONE }, VM_CAPTURE_ASKED,
	  "a lower start: asked when a call, a query or a comparison comes to the gap below",
	  NOTHING, "victim_entry_points.c main_stack, scenarios.c a_stack_grows_without_a_call" },
	{ "a MAP_GROWSDOWN area grows", { VM_OP_NONE }, VM_CAPTURE_ASKED,
	  "likewise", NOTHING, "victim_entry_points.c growing_stacks" },
	{ "a tracer's [uprobes]", { VM_OP_NONE }, VM_CAPTURE_COMPARED,
	  "an area of the kernel's, tolerated by name", NOTHING,
	  "compare.c tolerated_differences_are_not_unexplained" },
	{ "a debugger's calls (ptrace)", { VM_OP_NONE }, VM_CAPTURE_COMPARED,
	  "resynced, as unobserved", NOTHING, "victim_entry_points.c unseen_changes" },
	{ "a driver that maps in an ioctl", { VM_OP_NONE }, VM_CAPTURE_COMPARED,
	  "resynced, as unobserved", NOTHING, "victim_entry_points.c unseen_changes" },
	{ "rename, unlink, truncate of what is mapped", { VM_OP_NONE }, VM_CAPTURE_HIDDEN,
	  "nothing: files are known by device and inode", NOTHING, "victim_entry_points.c renamed_files" },
	{ "userfaultfd, its close, mbind, set_mempolicy_home_node", { VM_OP_NONE }, VM_CAPTURE_HIDDEN,
	  "nothing: the kernel splits and joins its own areas", NOTHING,
	  "victim_entry_points.c user_faults, compare.c canonical_form_is_what_calls_can_tell" },
	{ "io_uring's IORING_OP_MADVISE", { VM_OP_NONE }, VM_CAPTURE_HIDDEN,
	  "not followed: the advice is not known; a child's map is read from the kernel", NOTHING,
	  "victim_forks.c by_fork" },
};
/* clang-format on */

const size_t vm_n_entry_points = sizeof(vm_entry_points) / sizeof(vm_entry_points[0]);

static const struct {
	const char *name;
	const char *text;
} captures[VM_CAPTURE_COUNT] = {
	[VM_CAPTURE_CALL] = { "call", "at the symbol, in syscall(), or at its instruction; with "
				      "--raw wherever it is made" },
	[VM_CAPTURE_SOME] = { "call, filtered", "likewise; other uses of the call are not "
						"recorded, and pay one comparison" },
	[VM_CAPTURE_SITE] = { "call, no symbol", "likewise, but libc has no function of that name "
						 "to stand in front of" },
	[VM_CAPTURE_CHILD] = { "child", "the child notices what it is, and reads its map" },
	[VM_CAPTURE_ASKED] = { "asked", "no call: the kernel is asked before anything is made of "
					"it" },
	[VM_CAPTURE_COMPARED] = { "compared", "no call of this process: found by comparing with "
					      "the kernel, and named" },
	[VM_CAPTURE_HIDDEN] = { "hidden", "no map shows it" },
};

const char *vm_capture_name(unsigned capture)
{
	return capture < VM_CAPTURE_COUNT ? captures[capture].name : "unknown";
}

const char *vm_capture_text(unsigned capture)
{
	return capture < VM_CAPTURE_COUNT ? captures[capture].text : "";
}
