/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes calls from all kinds of stacks, and says which stack it was
 *
 *     victim_stacks PLUGIN [many] >said
 *
 * Each probe makes a call that can be told from all others, and prints what libc's
 * backtrace() says at that place: "scene, operation, address, pid, frames".
 * stacks.py compares that with what is in the ledger.
 */

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include "../preload/victim.h"
#include "../unwind/shapes.h"
#include "plugin.h"

#define NOINLINE  __attribute__((noinline))
#define N_PROBES  20000
#define DEPTH_MAX 64

void (*plugin_probe)(void);

static char *region; /* a page for each probe */
static unsigned n_pages = N_PROBES;
static atomic_uint n_probes;
static uint64_t random_state;
static __thread const char *scene;

/* ------------------------------------------------------------------- probes */

/* One write, so that lines of threads and handlers stay whole. */
static void say(const char *operation, const void *addr, void *const *frames, int n)
{
	char line[DEPTH_MAX * 20 + 200];
	int len = snprintf(line, sizeof(line), "%s %s %lx %d", scene, operation,
			   (unsigned long)addr, getpid());

	for (int i = 0; i < n; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, " %lx",
				(unsigned long)frames[i]);
	line[len++] = '\n';
	if (write(1, line, (size_t)len) != len)
		fail("write");
}

static void *next_page(void)
{
	unsigned n = atomic_fetch_add(&n_probes, 1);

	if (n >= N_PROBES)
		fail("more probes than pages");
	return region + n % n_pages * PAGE;
}

/* By the symbol. */
static NOINLINE void probe(void)
{
	void *frames[DEPTH_MAX], *page = next_page();
	int n = backtrace(frames, DEPTH_MAX);

	if (mprotect(page, PAGE, RW) != 0)
		fail("mprotect");
	say("mprotect", page, frames, n);
}

/* By the function syscall(). */
static NOINLINE void probe_syscall(void)
{
	void *frames[DEPTH_MAX], *page = next_page();
	int n = backtrace(frames, DEPTH_MAX);

	if (syscall(SYS_mprotect, page, PAGE, RW) != 0)
		fail("syscall");
	say("mprotect", page, frames, n);
}

/* Deep inside libc. Never freed, so that no address comes again. */
static NOINLINE void probe_malloc(void)
{
	void *frames[DEPTH_MAX];
	int n = backtrace(frames, DEPTH_MAX);
	char *memory = malloc(300000);

	if (memory == NULL)
		fail("malloc");
	say("mmap", memory - 16, frames, n);
}

static void random_probe(void)
{
	static void (*const probes[])(void) = { probe, probe, probe_syscall, probe_malloc };

	probes[next_random(&random_state) % 4]();
}

/* ------------------------------------------------------------------- scenes */

static void in_shapes(void)
{
	scene = "shapes";
	for (unsigned i = 0; i < 400; i++)
		shapes_run(next_random(&random_state) % 12, &random_state, random_probe);
}

/* More than any table or segment holds. Pages come again: each is an area of the map. */
static void in_many_shapes(void)
{
	scene = "many";
	n_pages = 1000;
	shapes_start(0);
	for (unsigned i = 0; i < N_PROBES; i++)
		shapes_run(4 + next_random(&random_state) % 10, &random_state, probe);
}

static NOINLINE unsigned recurse(unsigned depth)
{
	volatile unsigned here = depth;

	if (depth == 0)
		probe();
	else
		here += recurse(depth - 1);
	return here;
}

static void in_recursion(void)
{
	scene = "recursion";
	for (unsigned i = 0; i < 40; i++)
		recurse(next_random(&random_state) % 200);
}

static void *in_thread(void *arg)
{
	uint64_t random = random_state + (uintptr_t)arg;
	stack_t stack = { .ss_size = 1 << 20, .ss_sp = malloc(1 << 20) };

	sigaltstack(&stack, NULL);
	scene = "thread";
	for (unsigned i = 0; i < 100; i++)
		shapes_run(next_random(&random) % 12, &random, probe);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	free(stack.ss_sp);
	return NULL;
}

static void in_threads(void)
{
	pthread_t threads[3];

	for (uintptr_t i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, in_thread, (void *)(i + 1)) != 0)
			fail("pthread_create");
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

static ucontext_t outside, fibre;

static void in_fibre(void)
{
	for (unsigned i = 0; i < 5; i++) {
		scene = "fibre";
		shapes_run(next_random(&random_state) % 8, &random_state, probe);
		swapcontext(&fibre, &outside);
	}
}

/* On stacks of malloc's and of their own, one of which is where another has been. */
static NOINLINE void run_fibre(char *stack, size_t size)
{
	getcontext(&fibre);
	fibre.uc_stack.ss_sp = stack;
	fibre.uc_stack.ss_size = size;
	fibre.uc_link = NULL;
	makecontext(&fibre, in_fibre, 0);
	for (volatile unsigned turn = 0; turn < 5; turn++)
		swapcontext(&outside, &fibre);
}

static void in_fibres(void)
{
	for (unsigned i = 0; i < 8; i++) {
		size_t size = (i % 4 + 1) * 256 * 1024;
		char *stack = i % 2 ? malloc(size) : mmap(NULL, size, RW, ANON, -1, 0);

		run_fibre(stack, size);
		if (i % 2 == 0)
			munmap(stack, size);
	}
}

static void in_plugin(const char *path)
{
	plugin_probe = probe;
	for (unsigned i = 0; i < 10; i++) {
		void *plugin, *hole = mmap(NULL, (i % 3 + 1) * PAGE, RW, ANON, -1, 0);
		int (*call)(void (*)(void));

		scene = "constructor";
		plugin = dlopen(path, RTLD_NOW);
		if (plugin == NULL)
			fail(dlerror());
		*(void **)&call = dlsym(plugin, "plugin_call");
		scene = "plugin";
		for (unsigned j = 0; j < 5; j++)
			call(random_probe);
		dlclose(plugin);
		munmap(hole, PAGE);
	}
}

static void in_child(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		scene = "child";
		for (unsigned i = 0; i < 50; i++)
			shapes_run(next_random(&random_state) % 12, &random_state, probe);
		exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		fail("the child");
}

/* ---------------------------------------------------------------- tables out of reach */

/* The part of the plugin that has its unwind tables in it can't be read any more. */
static int hide_tables(struct dl_phdr_info *info, size_t size, void *context)
{
	const char *part = strstr(info->dlpi_name, "plugin");
	int prot = *(int *)context;

	(void)size;
	for (unsigned i = 0; part != NULL && i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME) {
			uint64_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

			if (mprotect((void *)(at & ~(PAGE - 1)), PAGE, prot) != 0)
				fail("hiding tables");
		}
	return part != NULL;
}

/* backtrace() would die of what is hidden, so what it says is said before. */
static void *hidden_frames[DEPTH_MAX];
static int n_hidden;

static NOINLINE void note_frames(void)
{
	n_hidden = backtrace(hidden_frames, DEPTH_MAX);
}

static NOINLINE void probe_hidden(void)
{
	void *page = next_page();

	if (mprotect(page, PAGE, RW) != 0)
		fail("mprotect");
	say("mprotect", page, hidden_frames, n_hidden);
}

static void in_hidden_plugin(const char *path)
{
	int none = PROT_NONE, readable = PROT_READ;
	void *plugin = dlopen(path, RTLD_NOW);
	int (*call)(void (*)(void));

	if (plugin == NULL)
		fail(dlerror());
	*(void **)&call = dlsym(plugin, "plugin_call");
	scene = "hidden";
	call(note_frames);
	dl_iterate_phdr(hide_tables, &none);
	for (unsigned i = 0; i < 10; i++)
		call(probe_hidden);
	dl_iterate_phdr(hide_tables, &readable);
	dlclose(plugin);
}

/* ------------------------------------------------------------ on top of a hook */

static volatile bool handled;

static void on_alarm(int number)
{
	const char *before = scene;

	(void)number;
	scene = "on_hook";
	probe();
	scene = before;
	handled = true;
}

/* Signals arrive wherever they want, and many inside a hook that has the lock. */
static void in_handlers_on_hooks(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { .it_interval.tv_usec = 300, .it_value.tv_usec = 300 };
	unsigned n = 0;

	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
	for (unsigned i = 0; n < 60 && i < 400000; i++) {
		char *p = mmap(NULL, 16 * PAGE, RW, ANON, -1, 0);

		munmap(p, 16 * PAGE);
		n += handled;
		handled = false;
	}
	often = (struct itimerval){ 0 };
	setitimer(ITIMER_PROF, &often, NULL);
}

/* ------------------------------------------------------------- code without tables */

#if defined(__x86_64__)
/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
static const unsigned char framed[] = { 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3 };
/* push %rbp; mov $1,%ebp; call *%rdi; pop %rbp; ret */
static const unsigned char frameless[] = { 0x55, 0xbd, 1, 0, 0, 0, 0xff, 0xd7, 0x5d, 0xc3 };

static NOINLINE void call_made(const unsigned char *code, size_t size, const char *what)
{
	unsigned char *page = mmap(NULL, PAGE, RW, ANON, -1, 0);
	void (*made)(void (*)(void));

	*(void **)&made = page;
	memcpy(page, code, size);
	mprotect(page, PAGE, PROT_READ | PROT_EXEC);
	scene = what;
	for (unsigned i = 0; i < 10; i++)
		made(probe);
	munmap(page, PAGE);
}

static void in_made_code(void)
{
	call_made(framed, sizeof(framed), "made_framed");
	call_made(frameless, sizeof(frameless), "made_frameless");
}

/* The system call instruction is the program's own. */
static NOINLINE void probe_inline(void)
{
	void *frames[DEPTH_MAX], *page = next_page();
	int n = backtrace(frames, DEPTH_MAX);
	long result;

	__asm__ volatile("mov $10, %%eax\n\tsyscall"
			 : "=a"(result)
			 : "D"(page), "S"(PAGE), "d"(RW)
			 : "rcx", "r11", "memory");
	if (result != 0)
		fail("mprotect");
	say("mprotect", page, frames, n);
}

static void in_own_system_calls(void)
{
	scene = "inline";
	for (unsigned i = 0; i < 20; i++)
		shapes_run(next_random(&random_state) % 12, &random_state, probe_inline);
}
#else
static void in_made_code(void)
{
}

static void in_own_system_calls(void)
{
}
#endif

int main(int argc, char **argv)
{
	void *frames[1];
	stack_t stack = { .ss_size = 1 << 20, .ss_sp = malloc(1 << 20) };

	if (argc < 2)
		fail("usage: victim_stacks PLUGIN [many]");
	backtrace(frames, 1);
	mallopt(M_MMAP_THRESHOLD, 200000);
	random_state = seed();
	region = mmap(NULL, N_PROBES * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	if (region == MAP_FAILED)
		fail("mmap");
	if (argc > 2) {
		in_many_shapes();
		return 0;
	}
	shapes_start(0);
	in_shapes();
	shapes_start(SA_ONSTACK);
	sigaltstack(&stack, NULL);
	in_shapes();
	in_recursion();
	in_threads();
	in_fibres();
	in_plugin(argv[1]);
	in_hidden_plugin(argv[1]);
	in_made_code();
	in_own_system_calls();
	in_child();
	in_handlers_on_hooks();
	must_agree("at the end");
	return 0;
}
