/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests the table of operations, and calls as text
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include "base/text.h"
#include "vma/vm_abi.h"
#include "vma/vm_call.h"
#include "vma/vm_call_format.h"
#include "vma/vm_entry_points.h"
#include "vma/vm_errno.h"

#define CALL(op_, result_, ...)                                                                    \
	{                                                                                          \
		.op = VM_OP_##op_, .result = (result_), .args = { __VA_ARGS__ }                    \
	}

struct format_case {
	struct vm_call call;
	char text[160];
};

static const struct format_case formats[] = {
	{ CALL(MMAP, 0x7f0000001000, 0, 8192, 3, 0x22, UINT64_MAX, 0),
	  "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = "
	  "0x7f0000001000" },
	{ CALL(MMAP, -ENODEV, 0x1000, 1, 0, 0x811, 3, 0x26000),
	  "mmap(0x1000, 1, PROT_NONE, MAP_SHARED|MAP_FIXED|MAP_DENYWRITE, 3, 0x26000) = -1 ENODEV "
	  "(No such device)" },
	{ CALL(MMAP, 0x200000, 0, 2097152, 1, 0x54040022, UINT64_MAX, 0),
	  "mmap(NULL, 2097152, PROT_READ, "
	  "MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT, "
	  "-1, 0) = 0x200000" },
	{ CALL(MMAP, -EINVAL, 0, 1, 0x40000004, 0x80000020, 7, 0),
	  "mmap(NULL, 1, PROT_EXEC|0x40000000, MAP_FILE|MAP_ANONYMOUS|0x80000000, 7, 0) = -1 "
	  "EINVAL "
	  "(Invalid argument)" },
	{ CALL(MMAP, -EINVAL, 0, 1, 0, 0xf, 7, 0),
	  "mmap(NULL, 1, PROT_NONE, 0xf, 7, 0) = -1 EINVAL (Invalid argument)" },
	{ CALL(MPROTECT, -ENOMEM, 0x7f0000001000, 4097, 1),
	  "mprotect(0x7f0000001000, 4097, PROT_READ) = -1 ENOMEM (Cannot allocate memory)" },
	{ CALL(MPROTECT, 0, 0x1000, 4096, 0x01000007),
	  "mprotect(0x1000, 4096, PROT_READ|PROT_WRITE|PROT_EXEC|PROT_GROWSDOWN) = 0" },
	{ CALL(PKEY_MPROTECT, 0, 0x1000, 4096, 1, UINT64_MAX),
	  "pkey_mprotect(0x1000, 4096, PROT_READ, -1) = 0" },
	{ CALL(MUNMAP, 0, 0x1000, UINT64_MAX), "munmap(0x1000, 18446744073709551615) = 0" },
	{ CALL(MREMAP, 0x5000, 0x1000, 4096, 8192, 1, 0x9999),
	  "mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE) = 0x5000" },
	{ CALL(MREMAP, 0x9000, 0x1000, 4096, 4096, 3, 0x9000),
	  "mremap(0x1000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x9000) = 0x9000" },
	{ CALL(MREMAP, 0x1000, 0x1000, 4096, 4096, 0), "mremap(0x1000, 4096, 4096, 0) = 0x1000" },
	{ CALL(BRK, 0x555555559000, 0), "brk(NULL) = 0x555555559000" },
	{ CALL(SHMAT, 0x7000, 5, 0, 010000 | 020000),
	  "shmat(5, NULL, SHM_RDONLY|SHM_RND) = 0x7000" },
	{ CALL(SHMDT, -EINVAL, 0x7000), "shmdt(0x7000) = -1 EINVAL (Invalid argument)" },
	{ CALL(REMAP_FILE_PAGES, 0, 0x1000, 4096, 0, 3, 0x10000),
	  "remap_file_pages(0x1000, 4096, PROT_NONE, 3, MAP_FILE|MAP_NONBLOCK) = 0" },
	{ CALL(MADVISE, 0, 0x1000, 4096, 4), "madvise(0x1000, 4096, MADV_DONTNEED) = 0" },
	{ CALL(MADVISE, 0, 0x1000, 4096, 102), "madvise(0x1000, 4096, MADV_GUARD_INSTALL) = 0" },
	{ CALL(MADVISE, 0, 0x1000, 4096, 0), "madvise(0x1000, 4096, MADV_NORMAL) = 0" },
	{ CALL(MADVISE, -EINVAL, 0x1000, 4096, 77),
	  "madvise(0x1000, 4096, 0x4d) = -1 EINVAL (Invalid argument)" },
	{ CALL(FORK, 4711, 0x01200011),
	  "clone(CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD) = 4711" },
	{ CALL(FORK, 4711, 17), "clone(SIGCHLD) = 4711" },
	{ CALL(FORK, 4711, 0), "clone(0) = 4711" },
	{ CALL(FORK, -EAGAIN, 0x8000000000000101),
	  "clone(CLONE_VM|0x8000000000000000|0x1) = -1 EAGAIN (Resource temporarily unavailable)" },
	{ CALL(EXEC, -ENOENT, 0x1000, 0x2000, 0),
	  "execve(0x1000, 0x2000, NULL) = -1 ENOENT (No such file or directory)" },
	{ CALL(EXIT, 0, 3), "exit_group(3) = 0" },
	{ CALL(MSEAL, -EINVAL, 0x1000, 4096, 0x100000001),
	  "mseal(0x1000, 4096, 0x100000001) = -1 EINVAL (Invalid argument)" },
	{ CALL(MSEAL, -ENOMEM, 0x1000, 4096, 0),
	  "mseal(0x1000, 4096, 0) = -1 ENOMEM (Cannot allocate memory)" },
	{ CALL(MLOCK2, 0, 0x1000, 4096, 1), "mlock2(0x1000, 4096, MLOCK_ONFAULT) = 0" },
	{ CALL(MLOCKALL, 0, 3), "mlockall(MCL_CURRENT|MCL_FUTURE) = 0" },
	{ CALL(MUNLOCKALL, 0, 3), "munlockall() = 0" },
	{ CALL(PROCESS_MADVISE, 8192, 3, 0x1000, 2, 20, 0),
	  "process_madvise(3, 0x1000, 2, MADV_COLD, 0) = 8192" },
	{ CALL(PRCTL, 0, 0x53564d41, 0, 0x1000, 8192, 0x5000),
	  "prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x1000, 8192, 0x5000) = 0" },
	{ CALL(PRCTL, -EPERM, 35, 7, 0x5000, 0, 0),
	  "prctl(PR_SET_MM, PR_SET_MM_BRK, 0x5000, 0, 0) = -1 EPERM (Operation not permitted)" },
	{ CALL(PRCTL, 0, 65, 1), "prctl(PR_SET_MDWE, 0x1) = 0" },
	{ CALL(PRCTL, 0, 1, 9), "prctl(0x1, 0x9, 0, 0, 0) = 0" },
	{ CALL(IO_SETUP, 0, 128, 0x1000, 0x7000), "io_setup(128, 0x1000) = 0" },
	{ CALL(IO_DESTROY, 0, 0x7000), "io_destroy(0x7000) = 0" },
	{ CALL(ARCH_PRCTL, 4096, 0x2003, 0x5000), "arch_prctl(ARCH_MAP_VDSO_64, 0x5000) = 4096" },
	{ CALL(MAP_SHADOW_STACK, 0x7000, 0, 4096, 1),
	  "map_shadow_stack(NULL, 4096, SHADOW_STACK_SET_TOKEN) = 0x7000" },
	{ CALL(PERSONALITY, 0, 0x0440000), "personality(ADDR_NO_RANDOMIZE|READ_IMPLIES_EXEC) = 0" },
	{ CALL(PERSONALITY, 0x40000, 0), "personality(PER_LINUX) = 262144" },
	{ CALL(MUNMAP, -600, 0, 0), "munmap(NULL, 0) = -1 errno 600" },
	{ { .op = 99 }, "unknown() = 0" },
};

Test(calls, are_printed_as_by_strace)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char buffer[256];
		struct text text;

		text_init(&text, buffer, sizeof(buffer));
		vm_call_format(&text, &formats[i].call, true);
		cr_assert_str_eq(buffer, formats[i].text);
	}
}

Test(calls, in_flight_have_no_result)
{
	const struct vm_call call = CALL(EXIT, 0, 0);
	char buffer[64];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	vm_call_format(&text, &call, false);
	cr_assert_str_eq(buffer, "exit_group(0) = ?");
}

Test(calls, too_long_for_the_buffer_are_cut)
{
	char buffer[8];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	vm_call_format(&text, &formats[0].call, true);
	cr_assert_str_eq(buffer, "mmap(NU");
	cr_assert(text.cut);
}

/* Each row is whole, and the numbers lead back to it; but for calls that make or end a space. */
Test(calls, table_is_complete)
{
	for (unsigned op = VM_OP_MMAP; op < VM_OP_COUNT; op++) {
		const struct vm_op_info *info = vm_op_info(op);

		cr_assert_not_null(info->name, "op %u", op);
		cr_assert_leq(info->n_args, 6);
		for (unsigned i = 0; i < 6; i++)
			cr_assert_eq(info->args[i] != VM_ARG_NONE, i < info->n_args, "%s arg %u",
				     info->name, i);
		if (info->nr >= 0 && op != VM_OP_FORK && op != VM_OP_EXEC && op != VM_OP_EXECVEAT &&
		    op != VM_OP_EXIT)
			cr_assert_eq(vm_op_of_nr(info->nr), op, "%s", info->name);
		else
			cr_assert_eq(vm_op_of_nr(info->nr), VM_OP_NONE, "%s", info->name);
	}
	cr_assert_eq(vm_op_of_nr(SYS_getpid), VM_OP_NONE);
	cr_assert_eq(vm_op_of_nr(-1), VM_OP_NONE);
	cr_assert_eq(vm_op_of_nr(1L << 40 | SYS_mmap), VM_OP_NONE);
}

static bool is_covered(unsigned op)
{
	for (size_t i = 0; i < vm_n_entry_points; i++)
		for (unsigned k = 0; k < VM_ENTRY_OPS_MAX; k++)
			if (vm_entry_points[i].ops[k] == op)
				return true;
	return false;
}

/* The README's table of coverage is made from these rows. */
Test(calls, every_operation_is_in_the_table_of_coverage)
{
	for (unsigned op = VM_OP_MMAP; op < VM_OP_COUNT; op++)
		cr_assert(is_covered(op), "%s", vm_op_info(op)->name);
	for (size_t i = 0; i < vm_n_entry_points; i++) {
		const struct vm_entry_point *point = &vm_entry_points[i];

		cr_assert(point->way && point->effect && point->failure && point->test, "row %zu",
			  i);
		cr_assert_lt(point->capture, VM_CAPTURE_COUNT);
	}
}

/* Programs call prctl and its like often, and mostly about something else. */
Test(calls, only_what_concerns_memory_matters)
{
	static const struct {
		long nr;
		uint64_t arg;
		enum vm_op op;
	} cases[] = {
		{ SYS_munmap, 0, VM_OP_MUNMAP },
		{ SYS_prctl, 15 /* PR_SET_NAME */, VM_OP_NONE },
		{ SYS_prctl, 22 /* PR_SET_SECCOMP */, VM_OP_NONE },
		{ SYS_prctl, PR_SET_VMA, VM_OP_PRCTL },
		{ SYS_prctl, PR_SET_MM, VM_OP_PRCTL },
		{ SYS_personality, UINT32_MAX, VM_OP_NONE },
		{ SYS_personality, 0, VM_OP_PERSONALITY },
#ifdef SYS_arch_prctl
		{ SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, VM_OP_NONE },
		{ SYS_arch_prctl, VM_ARCH_MAP_VDSO_64, VM_OP_ARCH_PRCTL },
#endif
		{ SYS_clone, 0, VM_OP_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t args[6] = { cases[i].arg };

		cr_assert_eq(vm_op_of_call(cases[i].nr, args), cases[i].op, "case %zu", i);
	}
}

Test(calls, the_ring_of_io_setup_is_learned_from_memory)
{
	unsigned long context = 0x7000;
	struct vm_call call = CALL(IO_SETUP, 0, 1, (uintptr_t)&context);

	vm_call_learn(&call);
	cr_assert_eq(call.args[2], 0x7000);
	call.result = -EAGAIN;
	vm_call_learn(&call);
	cr_assert_eq(call.args[2], 0, "a failure says nothing");
}

Test(calls, unknown_operations_have_a_row)
{
	cr_assert_str_eq(vm_op_info(VM_OP_COUNT)->name, "unknown");
	cr_assert_str_eq(vm_op_info(UINT32_MAX)->name, "unknown");
	cr_assert_str_eq(vm_tier_name(VM_TIER_SITE), "site");
	cr_assert_str_eq(vm_tier_name(77), "unknown");
}

Test(calls, only_the_last_page_of_values_are_errors)
{
	struct vm_call call = { .result = -4095 };

	cr_assert(vm_call_failed(&call));
	call.result = -4096;
	cr_assert(!vm_call_failed(&call));
	call.result = 0;
	cr_assert(!vm_call_failed(&call));
}

Test(calls, errors_are_named_as_libc_names_them)
{
	for (int error = 1; error < 134; error++) {
		if (strerrorname_np(error) == NULL) {
			cr_assert_null(vm_errno_name(error), "%d", error);
			continue;
		}
		cr_assert_str_eq(vm_errno_text(error), strerror(error), "%d", error);
		if (error != EOPNOTSUPP) /* libc says ENOTSUP, the kernel knows no such name */
			cr_assert_str_eq(vm_errno_name(error), strerrorname_np(error), "%d", error);
	}
	cr_assert_null(vm_errno_name(0));
	cr_assert_null(vm_errno_name(-1));
	cr_assert_null(vm_errno_name(100000));
	cr_assert_str_eq(vm_errno_text(100000), "Unknown error");
}
