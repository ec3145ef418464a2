/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Changes its map in all the rarer ways (seals, locks, guards, rings): after each step the map
 * is the kernel's, and the shim knows what it should. Without the shim only the calls are made.
 *
 * Steps that this machine can't do are named on stderr, and left out.
 */

#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/prctl.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "victim.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef SYS_map_shadow_stack
#define SYS_map_shadow_stack 453
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#define GUARD_INSTALL 102
#define GUARD_REMOVE  103
#define PM_GUARD      (1ULL << 58)

static void left_out(const char *what)
{
	dprintf(2, "left out: %s (errno %d)\n", what, errno);
}

/* What the shim says of an address; nothing can be said without it. */
static bool query(const void *addr, struct ml_area *area)
{
	int n = ml_query(addr, area);

	if (ml_active() && n != 1)
		fail("an address is not known");
	return n == 1;
}

static void must_be(const void *addr, uint32_t flags, const char *what)
{
	struct ml_area area;

	if (query(addr, &area) && (area.flags & flags) != flags)
		fail(what);
}

static void must_be_gone(const void *addr, const char *what)
{
	struct ml_area area;

	if (ml_active() && ml_query(addr, &area) != 0)
		fail(what);
}

/* ----------------------------------------------------------------- seals, locks */

static void seals(void)
{
	char *p = map_pages(6);

	if (syscall(SYS_mseal, p + 2 * PAGE, PAGE, 0) != 0) {
		left_out("mseal");
		return;
	}
	must_agree("after mseal");
	if (mprotect(p, 6 * PAGE, PROT_READ) == 0)
		fail("mprotect of what is sealed");
	must_agree("after mprotect stopped at what is sealed");
	if (munmap(p, 6 * PAGE) == 0)
		fail("munmap of what is sealed");
	must_agree("after munmap of what is sealed");
	if (mmap(p, 6 * PAGE, RW, ANON | MAP_FIXED, -1, 0) != MAP_FAILED)
		fail("mapping over what is sealed");
	must_agree("after mapping over what is sealed");
	mremap(p, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map_pages(8));
	must_agree("after moving what is sealed in part");
}

static void locks(void)
{
	char *p = map_pages(6);

	if (mlock(p + 1, PAGE) != 0) {
		left_out("mlock");
		return;
	}
	must_agree("after mlock");
	munmap(p + 3 * PAGE, PAGE);
	mlock(p, 6 * PAGE);
	must_agree("after mlock over a hole");
	mlock2(p + 4 * PAGE, PAGE, 1);
	munlock(p, PAGE);
	must_agree("after munlock");
	if (mlockall(MCL_FUTURE) == 0) {
		map_pages(2);
		if (sbrk(PAGE) == (void *)-1)
			fail("sbrk");
		must_agree("after mapping what is locked from the start");
	}
	munlockall();
	must_agree("after munlockall");
}

/* --------------------------------------------------------------------- guards */

static bool kernel_guards(const char *p)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)p / PAGE * sizeof(entry))) < 0)
		fail("pagemap");
	close(fd);
	return entry & PM_GUARD;
}

/* Page by page, ours against the kernel's. */
static void guards_agree(char *p, size_t n_pages, const char *when)
{
	must_agree(when);
	for (size_t i = 0; i < n_pages && ml_active(); i++) {
		struct ml_area area;
		bool ours = ml_query(p + i * PAGE, &area) == 1 && (area.flags & ML_AREA_GUARD);

		if (ours == kernel_guards(p + i * PAGE))
			continue;
		dprintf(2, "page %zu: %s to us\n", i, ours ? "guarded" : "not guarded");
		fail(when);
	}
}

static void guards_in_child(char *p)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		map_pages(1); /* the child's ledger begins with its first call */
		guards_agree(p, 12, "in a child");
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (status != 0)
		fail("guards in a child");
}

static void guards(void)
{
	char *p = map_pages(12), *to = map_pages(12);

	if (madvise(p + PAGE, 3 * PAGE, GUARD_INSTALL) != 0 || !kernel_guards(p + PAGE)) {
		left_out("guard pages");
		return;
	}
	guards_agree(p, 12, "after installing");
	madvise(p + 2 * PAGE, PAGE, GUARD_REMOVE);
	guards_agree(p, 12, "after removing one");
	madvise(p, 12 * PAGE, MADV_DONTNEED);
	guards_agree(p, 12, "after MADV_DONTNEED");
	madvise(p + 6 * PAGE, 2 * PAGE, GUARD_INSTALL);
	madvise(p + 7 * PAGE, PAGE, MADV_WIPEONFORK);
	guards_in_child(p);
	mlock(p + 9 * PAGE, PAGE);
	madvise(p + 8 * PAGE, 3 * PAGE, GUARD_INSTALL);
	guards_agree(p, 12, "after installing up to what is locked");
	munlock(p + 9 * PAGE, PAGE);
	mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	guards_agree(p, 12, "after mapping over one");
	munmap(p + 3 * PAGE, PAGE);
	madvise(p, 6 * PAGE, GUARD_INSTALL);
	guards_agree(p, 12, "after installing over a hole");
	p = mremap(p + 4 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	guards_agree(to, 12, "after moving");
	p = mremap(p, 4 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	guards_agree(p, 40, "after growing");
	to = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	guards_agree(p, 4, "where MREMAP_DONTUNMAP left the old ones");
	guards_agree(to, 4, "where MREMAP_DONTUNMAP took them");
}

static void advice_by_vector(void)
{
	char *p = map_pages(12);
	struct iovec vector[] = { { p + PAGE, PAGE },
				  { p + 3 * PAGE, 2 * PAGE },
				  { p + 9 * PAGE, PAGE } };
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	munmap(p + 9 * PAGE, PAGE); /* the last element is not there */
	if (syscall(SYS_process_madvise, self, vector, 3, GUARD_INSTALL, 0) != 3 * (long)PAGE) {
		left_out("process_madvise");
		return;
	}
	guards_agree(p, 12, "after process_madvise");
	if (ml_active()) {
		must_be(p + PAGE, ML_AREA_GUARD, "the first element is not guarded");
		must_be(p + 4 * PAGE, ML_AREA_GUARD, "the second element is not guarded");
	}
	close(self);
}

/* ------------------------------------------------------------------------ rings */

static void aio_rings(void)
{
	unsigned long context = 0;
	struct ml_area area;
	char *ring, *to;

	if (syscall(SYS_io_setup, 500, &context) != 0) {
		left_out("io_setup");
		return;
	}
	ring = (char *)context;
	must_agree("after io_setup");
	if (query(ring, &area) && area.mapped_by == 0)
		fail("nobody made the ring");
	mmap(ring + PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	must_agree("after mapping over a page of a ring");
	syscall(SYS_io_destroy, context);
	must_agree("after io_destroy");
	must_be_gone(ring + PAGE, "what lay in a ring outlived it");

	context = 0;
	if (syscall(SYS_io_setup, 10, &context) != 0)
		fail("io_setup again");
	ring = (char *)context;
	to = mremap(ring, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map_pages(1));
	must_agree("after moving a ring");
	if (to == MAP_FAILED)
		fail("moving a ring");
	if (syscall(SYS_io_destroy, context) == 0)
		fail("a moved ring has another number");
	must_agree("after io_destroy of nothing");
	if (syscall(SYS_io_destroy, to) != 0)
		fail("io_destroy of a moved ring");
	must_agree("after io_destroy of a moved ring");
	must_be_gone(to, "a moved ring outlived itself");
}

static void uring_rings(void)
{
	struct io_uring_params params = { 0 };
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);
	char *p;

	if (fd < 0) {
		left_out("io_uring");
		return;
	}
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
	must_agree("after mapping an io_uring");
	mmap(map_pages(2), 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0x7000);
	must_agree("after an io_uring refused to be mapped over something");
	if (p != MAP_FAILED)
		munmap(p, 2 * PAGE);
	close(fd);
	must_agree("after unmapping an io_uring");
}

static void perf_rings(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_DUMMY,
					.exclude_kernel = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	if (fd < 0) {
		left_out("perf_event_open");
		return;
	}
	mmap(map_pages(4), 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	must_agree("after a perf ring of a wrong size was mapped over something");
	mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
	must_agree("after mapping a perf ring");
	close(fd);
}

static void secret_memory(void)
{
	int fd = (int)syscall(SYS_memfd_secret, 0);
	char *p;

	if (fd < 0 || ftruncate(fd, 4 * (off_t)PAGE) != 0) {
		left_out("memfd_secret");
		return;
	}
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	must_agree("after mapping secret memory");
	if (p != MAP_FAILED)
		munmap(p + PAGE, PAGE);
	must_agree("after unmapping a page of secret memory");
	close(fd);
}

static void huge_pages(void)
{
	char *over = map_pages(1024);

	mmap(over, 4 << 20, RW, ANON | MAP_FIXED | MAP_HUGETLB, -1, 0);
	must_agree("after huge pages were mapped over something");
	mmap(NULL, 5 << 20, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	must_agree("after mapping shared huge pages");
}

/* --------------------------------------------------------------- vdso and limits */

static void vdso(void)
{
#ifdef __x86_64__
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end, first = 0, last = 0;
	int status;
	char line[512];

	while (fgets(line, sizeof(line), maps) != NULL)
		if ((strstr(line, "[vvar") || strstr(line, "[vdso]")) &&
		    sscanf(line, "%lx-%lx", &start, &end) == 2) {
			first = first == 0 ? start : first;
			last = end;
		}
	fclose(maps);
	if (syscall(SYS_arch_prctl, 0x2003, 0x700000000000) >= 0)
		fail("a second vdso");
	must_agree("after a second vdso was refused");
	/* libc keeps pointers into it: only a child can do without. */
	if (fork() == 0) {
		munmap((void *)first, last - first);
		must_agree("after unmapping the vdso");
		if (syscall(SYS_arch_prctl, 0x2003, first - 0x100000) < 0)
			left_out("ARCH_MAP_VDSO_64");
		must_agree("after mapping the vdso anew");
		_exit(0);
	}
	wait(&status);
	if (status != 0)
		fail("a child without its vdso");
#endif
}

static void shadow_stacks(void)
{
	long addr = syscall(SYS_map_shadow_stack, 0, PAGE, 0);

	if (addr == -1)
		left_out("map_shadow_stack");
	must_agree("after map_shadow_stack");
}

static void names(void)
{
	char *p = map_pages(4);

	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + PAGE, PAGE, "victim") != 0)
		left_out("PR_SET_VMA_ANON_NAME");
	must_agree("after naming a page");
	if (prctl(PR_SET_NAME, "entry_points") != 0)
		fail("prctl about something else");
	if (prctl(-1, 0, 0, 0, 0) != -1 || errno != EINVAL)
		fail("prctl does not set errno");
}

/* Fields of /proc/self/stat, by their numbers in proc(5). */
static void read_stat(unsigned long long field[64])
{
	char text[2048] = "", *at;
	int fd = open("/proc/self/stat", O_RDONLY);

	if (read(fd, text, sizeof(text) - 1) < 0)
		fail("/proc/self/stat");
	close(fd);
	at = strrchr(text, ')') + 3; /* the third field is a letter */
	for (unsigned i = 4; i < 53; i++) {
		at = strchr(at, ' ') + 1;
		field[i] = strtoull(at, NULL, 10);
	}
}

/* All at once, which needs no privilege. */
static bool set_limits(char *start_brk, char *brk, char *start_stack)
{
	unsigned long long field[64];
	struct prctl_mm_map limits = { .exe_fd = (uint32_t)-1 };

	read_stat(field);
	limits.start_code = field[26];
	limits.end_code = field[27];
	limits.start_data = field[45];
	limits.end_data = field[46];
	limits.arg_start = field[48];
	limits.arg_end = field[49];
	limits.env_start = field[50];
	limits.env_end = field[51];
	limits.start_brk = (uintptr_t)start_brk;
	limits.brk = (uintptr_t)brk;
	limits.start_stack = (uintptr_t)start_stack;
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &limits, sizeof(limits), 0) == 0;
}

/* The break moves where prctl says, and what brk does then happens there. */
static void limits(void)
{
	char *p = map_pages(64);

	munmap(p + 8 * PAGE, 56 * PAGE);
	if (!set_limits(p, p + 8 * PAGE, p + 100)) {
		left_out("PR_SET_MM_MAP");
		return;
	}
	must_agree("after moving the break with prctl");
	if (syscall(SYS_brk, p + 20 * PAGE) != (long)(p + 20 * PAGE))
		fail("brk at a new place");
	must_agree("after growing the heap at its new place");
	must_be(p + 8 * PAGE, ML_AREA_HEAP, "the new heap is none");
	syscall(SYS_brk, p + 4 * PAGE);
	must_agree("after shrinking the heap at its new place");
	must_be_gone(p + 4 * PAGE, "the heap did not shrink");
	if (prctl(PR_SET_MM, PR_SET_MM_BRK, p + 5 * PAGE, 0, 0) == 0)
		syscall(SYS_brk, p + 6 * PAGE);
	else
		left_out("PR_SET_MM_BRK");
	must_agree("after moving the break once more");
}

static void limits_in_child(void)
{
	int status;

	if (fork() == 0) {
		limits();
		_exit(0);
	}
	wait(&status);
	if (status != 0)
		fail("limits");
}

static void reading_is_executing(void)
{
	struct ml_area area;
	int before = personality(0xffffffff);
	char *p;

	if (before < 0 || personality((unsigned long)before | READ_IMPLIES_EXEC) < 0) {
		left_out("personality");
		return;
	}
	p = mmap(NULL, PAGE, PROT_READ, ANON, -1, 0);
	must_agree("after mapping under READ_IMPLIES_EXEC");
	if (query(p, &area) && !(area.prot & PROT_EXEC))
		fail("reading does not imply executing");
	mprotect(map_pages(2), PAGE, PROT_READ);
	must_agree("after mprotect under READ_IMPLIES_EXEC");
	personality((unsigned long)before);
	p = mmap(NULL, PAGE, PROT_READ, ANON, -1, 0);
	must_agree("after mapping without READ_IMPLIES_EXEC");
	if (query(p, &area) && (area.prot & PROT_EXEC))
		fail("reading still implies executing");
}

/* ---------------------------------------------------------------- what nobody calls */

/* With room to grow: four pages. */
static char *map_stack(void)
{
	char *place = map_pages(2048), *top = place + 1024 * PAGE;

	munmap(place, 2048 * PAGE);
	return mmap(top, 4 * PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
}

/* What has its edge where nobody can know it. */
static void growing_stacks(void)
{
	char *top = map_stack();
	struct ml_area area;

	if (top == MAP_FAILED) {
		left_out("MAP_GROWSDOWN");
		return;
	}
	*(volatile char *)(top - 20 * PAGE) = 1;
	if (ml_active() && ml_query(top - 10 * PAGE, &area) != 1)
		fail("a grown stack is not known");
	must_agree("after a stack grew");
	*(volatile char *)(top - 40 * PAGE) = 1;
	munmap(top - 30 * PAGE, 32 * PAGE);
	must_agree("after unmapping what a stack grew, and some of the stack");
	if (ml_active() && ml_query(top - 35 * PAGE, &area) != 1)
		fail("the rest of what grew is not known");
	mmap(top, 4 * PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	*(volatile char *)(top - 5 * PAGE) = 1;
	mprotect(top - 4 * PAGE, 2 * PAGE, PROT_READ);
	must_agree("after protecting a part of what grew");
}

/* Nobody has asked about what grew when it goes elsewhere, as part of what it is. */
static void moving_stacks(void)
{
	char *top = map_stack(), *to = map_pages(8);
	struct ml_area stack, moved;

	if (top == MAP_FAILED || madvise(to, 2 * PAGE, GUARD_INSTALL) != 0) {
		left_out("MAP_GROWSDOWN, or guard pages");
		return;
	}
	*(volatile char *)(top - PAGE) = 1;
	mremap(top - PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + PAGE);
	guards_agree(to, 8, "after moving what a stack grew onto a guard");
	if (query(top, &stack) && query(to + PAGE, &moved) && moved.mapped_by != stack.mapped_by)
		fail("what was moved was the stack's");
}

static void __attribute__((noinline)) use_stack(size_t n_pages)
{
	volatile char *page = __builtin_alloca(n_pages * PAGE);

	for (size_t i = 0; i < n_pages; i++)
		page[i * PAGE] = 1;
}

static void main_stack(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1);
	void *deep = (void *)(here - 500 * PAGE);
	struct ml_area area;

	use_stack(300);
	if (ml_active() && ml_query((void *)(here - 290 * PAGE), &area) != 1)
		fail("the grown stack is not known");
	must_agree("after the stack grew");
	use_stack(600);
	mprotect(deep, PAGE, PROT_NONE);
	must_agree("after protecting a page that the stack grew");
	mprotect(deep, PAGE, RW);
}

static void user_faults(void)
{
	char *p = map_pages(4);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);

	if (fd < 0) {
		left_out("userfaultfd");
		return;
	}
	must_agree("after userfaultfd");
	close(fd);
	munmap(p, PAGE);
	must_agree("after userfaultfd was closed");
}

static void renamed_files(void)
{
	char name[] = "/tmp/victim-XXXXXX";
	int fd = mkstemp(name);
	char *p;

	if (fd < 0 || ftruncate(fd, 4 * (off_t)PAGE) != 0)
		fail("a file");
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	unlink(name);
	must_agree("after a mapped file was unlinked");
	munmap(p + PAGE, PAGE);
	if (ftruncate(fd, 0) != 0)
		fail("truncate");
	must_agree("after a mapped file was truncated");
	close(fd);
}

/* --------------------------------------------------------------- failures, heaps */

static void failures_that_leave_holes(void)
{
	int fd;

	mmap(map_pages(4), 4 * PAGE, RW, ANON | MAP_FIXED | MAP_HUGETLB, -1, 0);
	must_agree("after huge pages could not be had");
	fd = open("/dev/null", O_RDWR);
	mmap(map_pages(4), 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	must_agree("after a device refused");
	close(fd);
	fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	if (fd >= 0 && ftruncate(fd, 4 * (off_t)PAGE) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
		mmap(map_pages(4), 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	must_agree("after a sealed memfd refused");
	close(fd);
}

static void read_only_descriptors(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0), *q = map_pages(1);

	must_agree("after sharing a read-only file");
	if (mprotect(p, 2 * PAGE, RW) == 0)
		fail("writing to a read-only file");
	must_agree("after writing was refused");
	(void)q;
	close(fd);
}

static void heap_over_others(void)
{
	char *start = sbrk(32 * (long)PAGE);
	char *in = (char *)(((uintptr_t)start + 8 * PAGE) & ~(PAGE - 1));
	int fd = open("/proc/self/exe", O_RDONLY);

	if (start == (void *)-1)
		fail("sbrk");
	mmap(in, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	must_agree("after mapping a file into the heap");
	sbrk(-28 * (long)PAGE);
	must_agree("after shrinking the heap over a file");
	must_be_gone(in, "a file outlived the heap it lay in");
	close(fd);
}

static void moved_segments(void)
{
	int id = shmget(IPC_PRIVATE, 4 * PAGE, 0600);
	char *p, *to = map_pages(1);

	if (id < 0) {
		left_out("shmget");
		return;
	}
	p = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	to = mremap(p + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	must_agree("after moving a piece of a segment");
	if (shmdt(p) != 0)
		fail("shmdt");
	must_agree("after detaching what is left of it");
	if (shmdt(to - PAGE) != 0)
		fail("shmdt of a piece");
	must_agree("after detaching the piece");
	must_be_gone(to, "the piece");
}

static void many_areas_at_once(void)
{
	char *p = map_pages(8), *to = map_pages(8);

	munmap(p + 2 * PAGE, PAGE);
	mprotect(p + 4 * PAGE, PAGE, PROT_READ);
	mprotect(to + 2 * PAGE, PAGE, PROT_NONE);
	mremap(p, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	must_agree("after moving many areas at once");
}

/*
 * Nobody sees what a debugger makes us do, what a driver maps in an ioctl, or what code
 * does that was made at run time: the next comparison finds it, and knows it from then on.
 */
static void unseen_changes(void)
{
#ifdef __x86_64__
	static const unsigned char munmap_raw[] = {
		0xb8, 11,   0, 0, 0, /* mov $SYS_munmap, %eax */
		0x0f, 0x05,	     /* syscall */
		0xc3,		     /* ret */
	};
	char *p = map_pages(4);
	void *code = mmap(NULL, PAGE, RW | PROT_EXEC, ANON, -1, 0);
	int found;

	if (code == MAP_FAILED) {
		left_out("code made at run time");
		return;
	}
	memcpy(code, munmap_raw, sizeof(munmap_raw));
	((int (*)(void *, size_t))(uintptr_t)code)(p + PAGE, PAGE);
	found = ml_active() ? ml_verify(NULL, NULL) : 0;
	if (found > 1) /* 0: with raw=1 it was seen */
		fail("one page makes one difference");
	must_agree("once a change was found");
	must_be_gone(p + PAGE, "what was unmapped unseen is still known");
#endif
}

/* ----------------------------------------------------------------------- children */

static void children_begin_anew(void)
{
	char *p = map_pages(1);
	int status;

	if (fork() == 0) {
		struct ml_area area;

		map_pages(1);
		if (query(p, &area) && (area.mapped_by != 0 || !(area.flags & ML_AREA_BASELINE)))
			fail("a child has numbers of its parent");
		_exit(0);
	}
	wait(&status);
	if (status != 0)
		fail("a child");
}

static const struct {
	const char *name;
	void (*run)(void);
} steps[] = {
	{ "seals", seals },
	{ "locks", locks },
	{ "guards", guards },
	{ "advice_by_vector", advice_by_vector },
	{ "aio_rings", aio_rings },
	{ "uring_rings", uring_rings },
	{ "perf_rings", perf_rings },
	{ "secret_memory", secret_memory },
	{ "huge_pages", huge_pages },
	{ "shadow_stacks", shadow_stacks },
	{ "names", names },
	{ "growing_stacks", growing_stacks },
	{ "moving_stacks", moving_stacks },
	{ "main_stack", main_stack },
	{ "user_faults", user_faults },
	{ "renamed_files", renamed_files },
	{ "failures_that_leave_holes", failures_that_leave_holes },
	{ "read_only_descriptors", read_only_descriptors },
	{ "heap_over_others", heap_over_others },
	{ "moved_segments", moved_segments },
	{ "many_areas_at_once", many_areas_at_once },
	{ "unseen_changes", unseen_changes },
	{ "children_begin_anew", children_begin_anew },
	{ "vdso", vdso },
	{ "limits_in_child", limits_in_child },
	{ "reading_is_executing", reading_is_executing },
};

/* All, or those that are named. */
int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		bool wanted = argc < 2;

		for (int k = 1; k < argc; k++)
			wanted |= strcmp(argv[k], steps[i].name) == 0;
		if (!wanted)
			continue;
		steps[i].run();
		must_agree(steps[i].name);
	}
	return 0;
}
