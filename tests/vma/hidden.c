/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests attributes that no map shows, against what the kernel says of them elsewhere
 *
 * Locks, seals, what a child inherits and how stacks grow are letters in the VmFlags
 * line of /proc/self/smaps; guard pages are bit 58 of /proc/self/pagemap. After
 * every one of many random calls all pages of a window are compared with the set.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/text.h"
#include "resync.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply.h"
#include "vma/vm_call_format.h"

#define PAGE	 VM_PAGE_SIZE
#define ANON	 (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW	 (PROT_READ | PROT_WRITE)
#define NO_FD	 ((uint64_t)-1)
#define PM_GUARD (1ULL << 58)
#define HIDDEN	 (VM_DONTFORK | VM_WIPEONFORK | VM_GROWSDOWN | VM_LOCKED | VM_SEALED | VM_GUARD)
#define N_ROUNDS 12
#define N_STEPS	 120

enum { N_PAGES = 48 };

static const struct {
	char letters[4];
	uint64_t flag;
} vm_flags[] = {
	{ "dc", VM_DONTFORK }, { "wf", VM_WIPEONFORK }, { "gd", VM_GROWSDOWN },
	{ "lo", VM_LOCKED },   { "sl", VM_SEALED },
};

static struct {
	struct vm_space space;
	uint64_t start;
	uint64_t random;
	uint64_t n_calls;
	uint64_t kernel[N_PAGES];
	int file;
	int zero;
} world;

static struct readback answer;

static uint32_t any(uint32_t n)
{
	world.random = world.random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(world.random >> 33) % n;
}

/* ------------------------------------------------------------------ the kernel */

static uint64_t letters_to_flags(const char *line)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < sizeof(vm_flags) / sizeof(vm_flags[0]); i++) {
		char word[5] = { ' ', vm_flags[i].letters[0], vm_flags[i].letters[1], ' ', '\0' };

		if (strstr(line, word) != NULL)
			flags |= vm_flags[i].flag;
	}
	return flags;
}

static void put_pages(uint64_t start, uint64_t end, uint64_t flags)
{
	for (unsigned i = 0; i < N_PAGES; i++) {
		uint64_t at = world.start + i * PAGE;

		if (at >= start && at < end)
			world.kernel[i] |= flags;
	}
}

static void read_letters(void)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	uint64_t start = 0, end = 0, from, to;
	char line[512], perm;

	cr_assert_not_null(smaps);
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %c", &from, &to, &perm) == 3) {
			start = from;
			end = to;
		} else if (strncmp(line, "VmFlags:", 8) == 0) {
			put_pages(start, end, letters_to_flags(line));
		}
	}
	fclose(smaps);
}

static void read_guards(void)
{
	uint64_t entries[N_PAGES];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t at = (off_t)(world.start / PAGE * sizeof(entries[0]));

	cr_assert_eq(pread(fd, entries, sizeof(entries), at), (ssize_t)sizeof(entries));
	close(fd);
	for (unsigned i = 0; i < N_PAGES; i++)
		if (entries[i] & PM_GUARD)
			world.kernel[i] |= VM_GUARD;
}

/* -------------------------------------------------------------------- comparing */

/* Of ENOMEM nothing tells whether there was a gap, or too much to be locked. */
static bool is_ambiguous_lock(const struct vm_call *call)
{
	struct rlimit limit;

	return (call->op == VM_OP_MLOCK || call->op == VM_OP_MLOCK2) && call->result == -ENOMEM &&
	       getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < 2 * N_PAGES * PAGE;
}

/*
 * Another thing nobody can know without asking: which of many areas a move with
 * MREMAP_DONTUNMAP has emptied before it failed. A round may end there.
 */
static bool leaves_unknown(const struct vm_call *call)
{
	if (call->op != VM_OP_MREMAP)
		return is_ambiguous_lock(call);
	return (call->args[3] & MREMAP_DONTUNMAP) && vm_call_failed(call);
}

static void format_flags(uint64_t flags, char text[32])
{
	text[0] = '\0';
	for (size_t i = 0; i < sizeof(vm_flags) / sizeof(vm_flags[0]); i++)
		if (flags & vm_flags[i].flag)
			strcat(strcat(text, vm_flags[i].letters), " ");
	if (flags & VM_GUARD)
		strcat(text, "guard");
}

static bool same_as_kernel(const struct vm_call *call)
{
	bool same = true;

	memset(world.kernel, 0, sizeof(world.kernel));
	read_letters();
	read_guards();
	for (unsigned i = 0; i < N_PAGES; i++) {
		const struct memory_area *area =
			memory_set_find(world.space.set, world.start + i * PAGE);
		uint64_t ours = area == NULL ? 0 : area->flags & HIDDEN;
		char is[32], want[32], text[256];
		struct text said;

		if (ours == world.kernel[i])
			continue;
		same = false;
		if (leaves_unknown(call))
			continue;
		format_flags(ours, is);
		format_flags(world.kernel[i], want);
		text_init(&said, text, sizeof(text));
		vm_call_format(&said, call, true);
		fprintf(stderr,
			"call %" PRIu64 " %s\n  page %u (window at %" PRIx64
			"): ours [%s] kernel [%s]\n",
			world.n_calls, text, i, world.start, is, want);
	}
	return same;
}

/* The calls before the one that went wrong, with ML_TEST_TRACE set. */
static void trace(const struct vm_call *call)
{
	char text[256];
	struct text said;

	if (getenv("ML_TEST_TRACE") == NULL)
		return;
	text_init(&said, text, sizeof(text));
	vm_call_format(&said, call, true);
	fprintf(stderr, "%" PRIu64 " %s\n", world.n_calls, text);
}

static bool apply(struct vm_call *call)
{
	struct vm_doubts doubts;

	call->event = ++world.n_calls;
	cr_assert_eq(vm_space_reserve(&world.space, 1), 0);
	vm_apply(&world.space, call, &doubts);
	trace(call);
	for (unsigned i = 0; i < doubts.n; i++) {
		readback_doubt(&answer, &world.space, &doubts.doubt[i], KERNEL_TEXT);
		cr_assert_eq(readback_put(&answer, &world.space), 0);
	}
	return same_as_kernel(call);
}

/* ---------------------------------------------------------------- random calls */

static struct addr_range any_range(void)
{
	uint32_t first = any(N_PAGES), n = 1 + any(8);

	if (first + n > N_PAGES)
		n = N_PAGES - first;
	return (struct addr_range){ world.start + first * PAGE, world.start + (first + n) * PAGE };
}

static struct vm_call any_mmap(void)
{
	static const int prots[] = { RW, RW, PROT_READ, PROT_NONE };
	struct addr_range range = any_range();
	struct vm_call call = {
		.op = VM_OP_MMAP,
		.args = { range.start, range.end - range.start, (uint64_t)prots[any(4)],
			  ANON | MAP_FIXED, NO_FD, 0 },
	};

	switch (any(8)) {
	case 0:
		call.args[3] = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED;
		break;
	case 1:
		call.args[3] = (any(2) ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED;
		call.args[4] = (uint64_t)world.file;
		break;
	case 2:
		call.args[3] = MAP_PRIVATE | MAP_FIXED;
		call.args[4] = (uint64_t)world.zero;
		break;
	case 3:
		call.args[3] |= MAP_LOCKED;
		break;
	case 4:
		call.args[3] |= MAP_GROWSDOWN;
		break;
	}
	return call;
}

static struct vm_call any_mremap(void)
{
	static const int flags[] = { 0, MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_FIXED,
				     MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP };
	struct addr_range from = any_range();
	uint64_t size = from.end - from.start;
	uint64_t new_size = any(3) == 0 ? (1 + any(8)) * PAGE : size;
	uint64_t to = world.start + any(N_PAGES) * PAGE;

	/* Nothing may leave the window. */
	if (to + new_size > world.start + N_PAGES * PAGE)
		to = world.start + N_PAGES * PAGE - new_size;
	if (from.start + new_size > world.start + N_PAGES * PAGE)
		new_size = size;
	return (struct vm_call){
		.op = VM_OP_MREMAP,
		.args = { from.start, any(10) == 0 ? 0 : size, new_size, (uint64_t)flags[any(4)],
			  to },
	};
}

static struct vm_call any_advice(void)
{
	static const int advices[] = { MADV_DONTFORK,	   MADV_DOFORK,	       MADV_WIPEONFORK,
				       MADV_KEEPONFORK,	   MADV_GUARD_INSTALL, MADV_GUARD_INSTALL,
				       MADV_GUARD_REMOVE,  MADV_DONTNEED,      MADV_FREE,
				       MADV_POPULATE_READ, MADV_COLD,	       MADV_REMOVE };
	struct addr_range range = any_range();

	return (struct vm_call){
		.op = VM_OP_MADVISE,
		.args = { range.start + (any(20) == 0), range.end - range.start,
			  (uint64_t)advices[any(sizeof(advices) / sizeof(advices[0]))] },
	};
}

static struct vm_call any_lock(void)
{
	static const uint8_t ops[] = { VM_OP_MLOCK, VM_OP_MLOCK2, VM_OP_MUNLOCK, VM_OP_MUNLOCK };
	struct addr_range range = any_range();

	if (any(8) == 0)
		return (struct vm_call){ .op = any(2) ? VM_OP_MLOCKALL : VM_OP_MUNLOCKALL,
					 .args = { MCL_FUTURE } };
	return (struct vm_call){
		.op = ops[any(4)],
		.args = { range.start + any(PAGE), any(7 * PAGE), any(2) },
	};
}

static struct vm_call any_ranged(enum vm_op op, uint64_t arg)
{
	struct addr_range range = any_range();

	return (struct vm_call){ .op = (uint8_t)op,
				 .args = { range.start, range.end - range.start, arg } };
}

static struct vm_call any_call(void)
{
	static const uint64_t prots[] = { RW, PROT_READ, PROT_NONE };

	switch (any(16)) {
	case 0:
	case 1:
	case 2:
		return any_mmap();
	case 3:
		return any_ranged(VM_OP_MUNMAP, 0);
	case 4:
	case 5:
		return any_mremap();
	case 6:
		return any_ranged(VM_OP_MPROTECT, prots[any(3)]);
	case 7:
		return any(3) == 0 ? any_ranged(VM_OP_MSEAL, 0) : any_lock();
	case 8:
	case 9:
	case 10:
		return any_lock();
	default:
		return any_advice();
	}
}

/* mremap without MREMAP_FIXED may go anywhere, and growing out of the window is not wanted. */
static bool stays(const struct vm_call *call)
{
	uint64_t end = world.start + N_PAGES * PAGE;

	if (call->op == VM_OP_MREMAP)
		return call->args[0] + call->args[2] <= end;
	return call->op == VM_OP_MLOCKALL || call->op == VM_OP_MUNLOCKALL ||
	       call->args[0] + call->args[1] <= end;
}

/* -------------------------------------------------------------------- one round */

static void begin(uint64_t seed)
{
	/* A page on each side stays, so that nothing merges with what is outside. */
	char *window =
		mmap(NULL, (N_PAGES + 2) * PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(window, MAP_FAILED);
	world.random = seed;
	world.start = (uint64_t)(uintptr_t)window + PAGE;
	munmap(window + PAGE, N_PAGES * PAGE);
	world.file = memfd_create("hidden", MFD_CLOEXEC);
	world.zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	cr_assert_eq(ftruncate(world.file, N_PAGES * (off_t)PAGE), 0);
	cr_assert_eq(vm_space_init(&world.space, &ml_allocator_malloc, perform_for_real, NULL), 0);
}

static int one_round(uint64_t seed)
{
	begin(seed);
	for (unsigned i = 0; i < N_STEPS; i++) {
		struct vm_call call = any_call();

		if (!stays(&call))
			continue;
		if (!apply(&call))
			return !leaves_unknown(&call);
	}
	vm_space_finish(&world.space);
	return 0;
}

static bool kernel_tells(void)
{
	char *page = mmap(NULL, PAGE, RW, ANON, -1, 0);
	bool tells;

	world.start = (uint64_t)(uintptr_t)page;
	tells = madvise(page, PAGE, MADV_GUARD_INSTALL) == 0;
	memset(world.kernel, 0, sizeof(world.kernel));
	if (tells)
		read_guards();
	munmap(page, PAGE);
	return tells && (world.kernel[0] & VM_GUARD);
}

/* Sealed pages stay for ever, so each round is a process. */
Test(hidden, attributes_are_the_kernels_after_every_call, .timeout = 120)
{
	const char *given = getenv("ML_TEST_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)getpid() * 7919;

	if (!kernel_tells())
		cr_skip_test("this kernel does not tell guard pages (Linux 6.15)");
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0)
			_exit(one_round(seed + i));
		waitpid(child, &status, 0);
		cr_assert_eq(status, 0, "ML_TEST_SEED=%" PRIu64, seed + i);
	}
}
