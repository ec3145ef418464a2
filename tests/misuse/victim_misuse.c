/* SPDX-License-Identifier: Apache-2.0 */

/*
 * victim_misuse - misuses of mmap and its kin beyond the demos, one function for
 * each case of misuse.py.
 *
 *     victim_misuse CASE [PLUGIN]
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <mapledger/mapledger.h>

#define PAGE	  4096UL
#define HUGE_PAGE (2UL << 20)
#define RW	  (PROT_READ | PROT_WRITE)
#define ANON	  (MAP_PRIVATE | MAP_ANONYMOUS)
#ifdef __clang__ /* which clones nothing */
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif
#define SKIP 77

static const char *plugin_path;
static pthread_barrier_t barrier;

static int skip(const char *why)
{
	fprintf(stderr, "SKIPPED: %s\n", why);
	return SKIP;
}

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

static char *pages(size_t n, int prot)
{
	char *at = mmap(NULL, n * PAGE, prot, ANON, -1, 0);

	need(at != MAP_FAILED, "mmap");
	return at;
}

NOINLINE static void store(char *at)
{
	*(volatile char *)at = 1;
}

/* S02: the start is rounded down, the length is not made longer for it. */
NOINLINE static void unprotect_code(char *code, size_t size)
{
	char *start = (char *)((uintptr_t)code & ~(PAGE - 1));

	need(mprotect(start, size, RW) == 0, "mprotect");
}

static int s02(void)
{
	char *code = pages(4, PROT_READ);
	char *function = code + PAGE - 8;

	unprotect_code(function, 16);
	store(function);
	store(function + 8);
	return 0;
}

/* S03: a range that is issued two pages too low, and succeeds in silence. */
NOINLINE static void protect_code(char *code)
{
	need(mprotect(code - 2 * PAGE, 2 * PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
}

static int s03(void)
{
	char *code = pages(6, RW) + 2 * PAGE;

	protect_code(code);
	ml_expect(code, 2 * PAGE, PROT_READ | PROT_EXEC);
	return 0;
}

/* S27: the guards of a memory that was taken from a pool are not what the compiler counts on. */
NOINLINE static void pool_recycle(char *slot)
{
	need(mprotect(slot, 8 * PAGE, RW) == 0, "mprotect");
}

static int s27(void)
{
	char *slot = pages(8, PROT_NONE);

	need(mprotect(slot, 4 * PAGE, RW) == 0, "mprotect");
	ml_expect(slot + 4 * PAGE, 4 * PAGE, PROT_NONE);
	pool_recycle(slot);
	return 0;
}

/* S05: between munmap and MAP_FIXED another thread maps. */
static char *room;
static char *others;

static void *mapper(void *unused)
{
	pthread_setname_np(pthread_self(), "mapper");
	pthread_barrier_wait(&barrier);
	others = mmap(room, 2 * PAGE, RW, ANON, -1, 0);
	pthread_barrier_wait(&barrier);
	return unused;
}

NOINLINE static void *segment_replace(char *segment, bool alone)
{
	munmap(segment, 2 * PAGE);
	if (!alone) {
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	return mmap(segment, 2 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
}

static int s05(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	need(pthread_create(&thread, NULL, mapper, NULL) == 0, "pthread_create");
	room = pages(2, RW);
	need(segment_replace(room, false) == room, "mmap");
	pthread_join(thread, NULL);
	segment_replace(pages(2, RW), true); /* of no harm, and no news of the first */
	if (others != room)
		return skip("the kernel chose another place");
	store(others);
	return 0;
}

/* S07: the second ending: what is read belongs to somebody else by now. */
static int s07b(void)
{
	char *file = pages(2, RW);
	char *other;

	munmap(file, 2 * PAGE);
	other = mmap(file, 2 * PAGE, PROT_READ, ANON, -1, 0);
	if (other != file)
		return skip("the kernel chose another place");
	store(file);
	return 0;
}

/* ------------------------------------------------------------------- overhangs */

/* Two mappings, the second right behind the first, which has two pages. */
static char *two_mappings(void)
{
	char *first = pages(4, PROT_NONE);

	need(mmap(first, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == first, "mmap");
	need(mmap(first + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == first + 2 * PAGE, "mmap");
	return first;
}

/* The length's last byte reaches the other mapping, whether it is used then or not. */
static int overhang_other(void)
{
	char *first = two_mappings();

	need(mprotect(first, 2 * PAGE + 1, PROT_READ) == 0, "mprotect");
	store(first + 2 * PAGE);
	return 0;
}

static int overhang_other_unused(void)
{
	need(mprotect(two_mappings(), 2 * PAGE + 1, PROT_READ) == 0, "mprotect");
	return 0;
}

/* It reaches a page of the same mapping, which may be meant; nothing proves otherwise. */
static int overhang_own_unused(void)
{
	need(mprotect(pages(4, RW), PAGE + 1, PROT_READ) == 0, "mprotect");
	return 0;
}

/* The length is that of the mapping, to the byte: all of it was meant. */
static int protect_whole(void)
{
	char *buffer = mmap(NULL, PAGE + 904, RW, ANON, -1, 0);

	need(buffer != MAP_FAILED, "mmap");
	need(mprotect(buffer, PAGE + 904, PROT_READ) == 0, "mprotect");
	store(buffer + PAGE + 100);
	return 0;
}

static int unmap_whole(void)
{
	char *buffer = mmap(NULL, PAGE + 904, RW, ANON, -1, 0);

	need(buffer != MAP_FAILED, "mmap");
	need(munmap(buffer, PAGE + 904) == 0, "munmap");
	store(buffer + PAGE + 100);
	return 0;
}

/* ----------------------------------------------------------------------- leaks */

/* S09: only half of it is given back, every time. */
NOINLINE static char *window_new(void)
{
	return pages(4, RW);
}

NOINLINE static void window_free(char *window)
{
	munmap(window, 2 * PAGE);
}

NOINLINE static void window_use(char *window)
{
	mprotect(window, PAGE, PROT_READ);
	mprotect(window, PAGE, RW);
}

static int s09(void)
{
	for (int i = 0; i < 200; i++) {
		char *window = window_new();

		window_use(window);
		window_free(window);
	}
	return 0;
}

/* S10: a length that is not a multiple of the huge page. */
static int s10(void)
{
	char *huge = mmap(NULL, HUGE_PAGE, RW, ANON | MAP_HUGETLB, -1, 0);

	if (huge == MAP_FAILED)
		return skip("no huge pages: vm.nr_hugepages is 0");
	munmap(huge, PAGE);
	return 0;
}

/* S12: at the limit munmap in the middle of an area fails, too. */
NOINLINE static int pool_give_back(char *pool, size_t at)
{
	return munmap(pool + at * PAGE, PAGE);
}

static int s12(void)
{
	size_t n = 140000;
	char *pool = pages(n, PROT_NONE);

	for (size_t i = 1; i < n; i += 2)
		if (pool_give_back(pool, i) < 0)
			return errno == ENOMEM ? 0 : 2;
	return skip("this machine's limit of mappings is higher");
}

/* S13: a file is mapped anew for every record, and never unmapped. */
NOINLINE static void record_map(int fd)
{
	need(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED, "mmap");
}

static int s13(void)
{
	int fd = memfd_create("records", 0);

	need(fd >= 0 && ftruncate(fd, PAGE) == 0, "memfd_create");
	for (int i = 0; i < 500; i++)
		record_map(fd);
	return 0;
}

/* S14: the guard below a thread's stack is made accessible. */
NOINLINE static void guard_remove(char *guard)
{
	need(mprotect(guard, PAGE, RW) == 0, "mprotect");
}

static void *unguarded(void *unused)
{
	pthread_attr_t attr;
	void *stack;
	size_t size;

	need(pthread_getattr_np(pthread_self(), &attr) == 0, "pthread_getattr_np");
	need(pthread_attr_getstack(&attr, &stack, &size) == 0, "pthread_attr_getstack");
	guard_remove((char *)stack - PAGE);
	return unused;
}

static int s14(void)
{
	pthread_t thread;

	need(pthread_create(&thread, NULL, unguarded, NULL) == 0, "pthread_create");
	pthread_join(thread, NULL);
	return 0;
}

/* S17: a pointer into a library that was closed. */
static int s17(void)
{
	void *plugin = dlopen(plugin_path, RTLD_NOW);
	int (*answer)(void);

	need(plugin != NULL, plugin_path);
	*(void **)&answer = dlsym(plugin, "plugin_answer");
	need(answer != NULL && answer() == 42, "dlsym");
	dlclose(plugin);
	return answer();
}

/* S19: a protection key that denies writing. */
static int s19(void)
{
	int key = pkey_alloc(0, PKEY_DISABLE_WRITE);
	char *page;

	if (key < 0)
		return skip("the processor has no protection keys");
	page = pages(1, RW);
	need(pkey_mprotect(page, PAGE, RW, key) == 0, "pkey_mprotect");
	store(page);
	return 0;
}

/* S20: the kernel refuses to write there, without a signal. */
NOINLINE static void seal(char *page)
{
	need(mprotect(page, PAGE, PROT_READ) == 0, "mprotect");
}

static int s20(void)
{
	char *page = pages(1, RW);
	int fd = open("/dev/zero", O_RDONLY);

	seal(page);
	return read(fd, page, PAGE) < 0 && errno == EFAULT ? 0 : 2;
}

/* S21: the file became shorter than its mapping. */
static int s21(void)
{
	int fd = memfd_create("x.db", 0);
	char *map;

	need(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0, "memfd_create");
	map = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	need(map != MAP_FAILED && ftruncate(fd, PAGE) == 0, "mmap");
	store(map + 3 * PAGE);
	return 0;
}

/* S22: advice that is no advice. */
NOINLINE static void advise(char *at)
{
	madvise(at, PAGE, MADV_DONTNEED | MADV_HUGEPAGE | 0x40);
	madvise(at + 1, PAGE, MADV_DONTNEED);
}

static int s22(void)
{
	advise(pages(2, RW));
	return 0;
}

/* A name that no kernel takes: no harm is done. */
static int names(void)
{
	prctl(0x53564d41 /* PR_SET_VMA */, 0, pages(1, RW), PAGE, "[name]");
	return 0;
}

/* To ask for huge pages that can't be had is a question, a length of 0 is none: in either order. */
NOINLINE static void try_map(size_t len, int flags)
{
	mmap(NULL, len, RW, ANON | flags, -1, 0);
}

NOINLINE static void try_again(size_t len, int flags)
{
	mmap(NULL, len, RW, ANON | flags, -1, 0);
}

static int probes(void)
{
	size_t no_size = 1UL << 46;

	try_map(no_size, MAP_HUGETLB);
	try_map(0, 0);
	try_again(0, 0);
	try_again(no_size, MAP_HUGETLB);
	return 0;
}

/* S25: a hint is taken for a promise. */
static int s25(void)
{
	char *taken = pages(2, RW);
	char *at = mmap(taken, PAGE, RW, ANON, -1, 0);

	return at == taken ? 2 : 0;
}

/* S26: code is made writable, and left so. */
NOINLINE static void hook_install(char *function)
{
	char *page = (char *)((uintptr_t)function & ~(PAGE - 1));

	need(mprotect(page, PAGE, RW | PROT_EXEC) == 0, "mprotect");
}

static int s26(void)
{
	hook_install((char *)(uintptr_t)s25);
	return 0;
}

/* Not in the table: a page that never was. */
static int wild(void)
{
	char *page = pages(1, RW);

	munmap(pages(1, RW), PAGE);
	store(page - 16 * PAGE * PAGE);
	return 0;
}

static int null(void)
{
	store((char *)16);
	return 0;
}

NOINLINE static int deeper(volatile char *above)
{
	volatile char frame[2048];

	frame[0] = *above;
	return deeper(frame) + frame[1];
}

static int overflow(void)
{
	volatile char first = 0;

	return deeper(&first);
}

/* What is left of no stack, and too large to hit the guard. */
#define LARGE_FRAME (48 << 20)

NOINLINE static int large_frame(void)
{
	volatile char frame[LARGE_FRAME];

	/* Somebody may look at all of it: clang would keep the one byte in a register. */
	__asm__ volatile("" : : "r"(frame) : "memory");
	frame[1] = 1;
	return frame[1];
}

static void *large_frame_in_thread(void *unused)
{
	large_frame();
	return unused;
}

static int large_frame_thread(void)
{
	pthread_t thread;

	need(pthread_create(&thread, NULL, large_frame_in_thread, NULL) == 0, "pthread_create");
	pthread_join(thread, NULL);
	return 0;
}

static void *overflow_in_thread(void *unused)
{
	munmap(pages(1, RW), PAGE);
	overflow();
	return unused;
}

static int overflow_thread(void)
{
	pthread_t thread;

	need(pthread_create(&thread, NULL, overflow_in_thread, NULL) == 0, "pthread_create");
	pthread_join(thread, NULL);
	return 0;
}

static int execute_data(void)
{
	char *data = pages(1, RW);

	return ((int (*)(void))(uintptr_t)data)();
}

/* The call that mapped the page is the one that made it so, too. */
static int replaced(void)
{
	char *page = pages(1, RW);

	if (mmap(page, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page)
		return 2;
	page[5] = 1;
	return 1;
}

/* The change is made where no call is seen: by an instruction made at run time. */
static int unseen(void)
{
#if defined(__x86_64__)
	static const unsigned char code[] = { 0xb8, 10, 0, 0, 0, 0x0f, 0x05, 0xc3 }; /* mprotect */
	char *page = pages(1, RW);
	char *made = pages(1, RW);

	memcpy(made, code, sizeof(code));
	need(mprotect(made, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
	need(((long (*)(char *, size_t, int))(uintptr_t)made)(page, PAGE, PROT_READ) == 0,
	     "mprotect");
	store(page);
	return 0;
#else
	return skip("no such code for this machine");
#endif
}

static int raised(void)
{
	raise(SIGSEGV);
	return 0;
}

/* Reads what is mapped there by now, and never knows; unless the range is held. */
static int stale(void)
{
	char *old = pages(2, RW);
	char *new;

	munmap(old, 2 * PAGE);
	new = pages(2, RW);
	printf("%s\n", new == old ? "the same place" : "another place");
	fflush(stdout);
	return *(volatile char *)old;
}

/*
 * What the parent unmapped is used in its child, which dies of it. There is room for
 * what is mapped meanwhile, the child's ledger too: the kernel puts it at the other end.
 */
#define STALE_PAGES (256 << 10)

static int stale_child(void)
{
	char *old = pages(STALE_PAGES, PROT_NONE);
	pid_t child;
	int status = 0;

	munmap(old, STALE_PAGES * PAGE);
	child = fork();
	if (child == 0) {
		munmap(pages(1, RW), PAGE); /* with its first call its ledger begins */
		_exit(*(volatile char *)old);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
	{ "stale", stale },
	{ "stale_child", stale_child },
	{ "S02", s02 },
	{ "S03", s03 },
	{ "S27", s27 },
	{ "S05", s05 },
	{ "S07b", s07b },
	{ "overhang_other", overhang_other },
	{ "overhang_other_unused", overhang_other_unused },
	{ "overhang_own_unused", overhang_own_unused },
	{ "protect_whole", protect_whole },
	{ "unmap_whole", unmap_whole },
	{ "S09", s09 },
	{ "S10", s10 },
	{ "S12", s12 },
	{ "S13", s13 },
	{ "S14", s14 },
	{ "S17", s17 },
	{ "S19", s19 },
	{ "S20", s20 },
	{ "S21", s21 },
	{ "S22", s22 },
	{ "S25", s25 },
	{ "names", names },
	{ "probes", probes },
	{ "S26", s26 },
	{ "wild", wild },
	{ "null", null },
	{ "overflow", overflow },
	{ "overflow_thread", overflow_thread },
	{ "large_frame", large_frame },
	{ "large_frame_thread", large_frame_thread },
	{ "execute_data", execute_data },
	{ "replaced", replaced },
	{ "unseen", unseen },
	{ "raised", raised },
};

int main(int argc, char **argv)
{
	plugin_path = argc > 2 ? argv[2] : "";
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(argv[1], cases[i].name) == 0)
			return cases[i].run();
	fprintf(stderr, "victim_misuse: no such case\n");
	return 2;
}
