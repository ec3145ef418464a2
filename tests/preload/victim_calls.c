/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes every kind of call in one program, each followed by a comparison with
 * the kernel: through symbols, through libc's insides, through syscall().
 */

#include <fcntl.h>
#include <signal.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include "victim.h"

static void anonymous(void)
{
	char *p = map_pages(8);

	must_agree("after mmap");
	munmap(p + 2 * PAGE, PAGE);
	must_agree("after munmap in the middle");
	mprotect(p + 4 * PAGE, 1, PROT_READ);
	must_agree("after mprotect of one byte");
	if (mprotect(p, 8 * PAGE, PROT_READ) == 0 || errno != ENOMEM)
		fail("mprotect over a hole");
	must_agree("after mprotect over a hole");
	if (!is_emulated() && /* there it is only a hint */
	    mmap(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED)
		fail("MAP_FIXED_NOREPLACE over an area");
	must_agree("after MAP_FIXED_NOREPLACE");
	mmap(p, 3 * PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0);
	must_agree("after MAP_FIXED");
}

static void moved(void)
{
	char *p = map_pages(4), *q = map_pages(8);

	q = mremap(q, 8 * PAGE, 5 * PAGE, 0);
	must_agree("after shrinking mremap");
	p = mremap(p, 4 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	must_agree("after growing mremap");
	p = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + PAGE);
	must_agree("after mremap onto another area");
	if (p != MAP_FAILED && !is_emulated()) /* which takes the old place for unmapped */
		mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	must_agree("after MREMAP_DONTUNMAP");
}

static void files(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);

	close(fd);
	must_agree("after mapping a file");
	mprotect(p + PAGE, PAGE, RW);
	must_agree("after mprotect of a file's page");
	munmap(p + PAGE, PAGE);
	must_agree("after unmapping a file's page");
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must_agree("after mapping shared memory");
	munmap(p, PAGE);
	must_agree("after cutting shared memory");
	remap_file_pages(p + PAGE, PAGE, 0, 3, 0);
	must_agree("after remap_file_pages");
	fd = memfd_create("victim", 0);
	if (fd >= 0 && ftruncate(fd, 4 * (off_t)PAGE) == 0)
		mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	must_agree("after mapping a memfd");
	fd = open("/dev/zero", O_RDWR);
	mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
	must_agree("after mapping /dev/zero");
}

/* Lengths that are no multiple of a huge page; without huge pages the calls only fail. */
static void huge_pages(void)
{
	int fd = memfd_create("victim", MFD_HUGETLB);
	char *p;

	if (fd >= 0 && ftruncate(fd, 4 << 20) == 0) {
		p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
		must_agree("after mapping one small page of a huge file");
		if (p != MAP_FAILED && munmap(p, PAGE) == 0)
			fail("munmap of part of a huge page");
	}
	p = mmap(NULL, 5000, RW, ANON | MAP_HUGETLB, -1, 0);
	must_agree("after mapping huge pages");
	if (p != MAP_FAILED)
		munmap(p, 2 << 20);
	must_agree("after unmapping huge pages");
}

static void segments(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, 0600);
	char *p;

	if (id < 0)
		return;
	p = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	if (p == (void *)-1)
		return;
	must_agree("after shmat");
	mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	must_agree("after mapping over a piece of a segment");
	shmdt(p);
	must_agree("after shmdt");
}

static void heap(void)
{
	char *start = sbrk(0);

	if (sbrk(40 * (long)PAGE) == (void *)-1)
		fail("sbrk");
	must_agree("after sbrk");
	mprotect((char *)(((uintptr_t)start + 8 * PAGE) & ~(PAGE - 1)), PAGE, PROT_READ);
	sbrk(10 * (long)PAGE);
	must_agree("after growing a heap with a read-only page");
	sbrk(-20 * (long)PAGE);
	must_agree("after shrinking the heap");
}

static void advised(void)
{
	char *p = map_pages(6);

	madvise(p, PAGE, MADV_DONTFORK);
	madvise(p + PAGE, PAGE, MADV_WIPEONFORK);
	madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED);
	madvise(p + 3 * PAGE, PAGE, 102 /* MADV_GUARD_INSTALL */);
	must_agree("after madvise");
}

static void by_number(void)
{
	char *p = (char *)syscall(SYS_mmap, NULL, 4 * PAGE, RW, ANON, -1, 0);

	must_agree("after syscall(SYS_mmap)");
	if (syscall(SYS_mprotect, p, PAGE, PROT_READ) != 0)
		fail("syscall(SYS_mprotect)");
	must_agree("after syscall(SYS_mprotect)");
	if (syscall(SYS_munmap, p + 1, PAGE) != -1 || errno != EINVAL)
		fail("syscall() does not set errno");
	if (syscall(SYS_getpid) != getpid())
		fail("syscall(SYS_getpid)");
}

/* A program that asks the kernel itself sees its own signal table, not the shim's. */
static void signals_by_number(void)
{
#if defined(__x86_64__)
	unsigned long action[4] = { 1 };
	stack_t stack;

	if (syscall(SYS_rt_sigaction, SIGSEGV, NULL, action, 8) != 0 || action[0] != 0)
		fail("a handler that is not the program's");
	if (syscall(SYS_sigaltstack, NULL, &stack) != 0 || !(stack.ss_flags & SS_DISABLE))
		fail("a signal stack that is not the program's");
#endif
}

static void nonsense(void)
{
	char *p = map_pages(2);

	if (mmap(NULL, 0, RW, ANON, -1, 0) != MAP_FAILED || errno != EINVAL)
		fail("mmap of nothing");
	if (munmap(p + 1, PAGE) == 0 || munmap(p, 0) == 0)
		fail("munmap of nonsense");
	if (mprotect(p, 0, PROT_NONE) != 0 && !is_emulated())
		fail("mprotect of nothing is a success");
	if (!is_emulated()) { /* which ends there */
		munmap((void *)-PAGE, PAGE);
		mmap((void *)-PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	}
	munmap(p, (size_t)-1);
	mremap(p, 0, PAGE, MREMAP_MAYMOVE);
	mremap(p, PAGE, 0, 0);
	mmap(p, PAGE, RW, MAP_PRIVATE | MAP_FIXED, 12345, 0);
	must_agree("after calls that make no sense");
}

int main(int argc, char **argv)
{
	must_agree("at the start");
	anonymous();
	moved();
	files();
	huge_pages();
	segments();
	if (!are_symbols_enough(argc, argv))
		heap();
	advised();
	by_number();
	signals_by_number();
	nonsense();
	return 0;
}
