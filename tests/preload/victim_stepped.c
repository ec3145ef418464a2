/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Steps through a call instruction by instruction, and in each round lets a signal
 * arrive one instruction later. The handler changes the map, or forks, or jumps away
 * for good. After each round the map must be the kernel's.
 *
 * The child makes the calls, the parent steps it.
 */

#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include "victim.h"

#define STEPS_MAX     20000
#define RANDOM_ROUNDS 40

enum act { CHANGE, JUMP, FORK };

static struct shared {
	volatile bool over; /* the call has returned, or was jumped out of */
	volatile bool last; /* no more rounds of this kind */
} * shared;

static char *mine, *handlers;
static sigjmp_buf to_round, to_handler;
static enum act act;
static volatile bool in_handler;
static bool active;

/* --------------------------------------------------------------- the calls */

static void call_mprotect(unsigned n)
{
	mprotect(mine + PAGE, PAGE, n & 1 ? PROT_READ : RW);
}

static void call_mmap(unsigned n)
{
	mmap(mine + (n & 1) * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
}

static void call_munmap(unsigned n)
{
	munmap(mine + (1 + (n & 1)) * PAGE, PAGE);
}

/* Through call sites inside libc. */
static void call_malloc(unsigned n)
{
	void *volatile p = malloc(200000 + n % 2 * 100000);

	free(p);
}

static void call_sbrk(unsigned n)
{
	if (sbrk(n & 1 ? (long)PAGE : 100) == (void *)-1)
		fail("sbrk");
}

/* ------------------------------------------------------------ the handlers */

static void change(unsigned n)
{
	void *p = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);

	mprotect(handlers + PAGE, PAGE, n & 1 ? PROT_READ : RW);
	if (p == MAP_FAILED || munmap(p, 2 * PAGE) != 0)
		fail("a handler's calls");
}

static void fork_child(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		change(0);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		fail("a handler's child");
}

static void handler(int number)
{
	static volatile unsigned n;

	(void)number;
	if (act == JUMP)
		siglongjmp(to_round, 1);
	if (act == FORK)
		fork_child();
	if (sigsetjmp(to_handler, 1) == 0) {
		in_handler = true;
		change(n);
	}
	in_handler = false;
	n++;
}

/* On top of the handler's own calls: away to it, or past it. */
static void second_handler(int number)
{
	static volatile unsigned n;

	(void)number;
	change(n);
	if (n++ % 3 == 0 && in_handler)
		siglongjmp(to_handler, 1);
	if (n % 3 == 0)
		siglongjmp(to_round, 1);
}

/* ------------------------------------------------------------ the stepped one */

static void rounds(const char *what, void (*call)(unsigned), enum act does)
{
	static volatile unsigned n;

	act = does;
	for (shared->last = false; !shared->last;) {
		shared->over = false;
		if (sigsetjmp(to_round, 1) == 0) {
			raise(SIGSTOP);
			call(n);
		}
		shared->over = true;
		in_handler = false;
		n++;
		must_agree(what);
		if (ml_active() != active)
			fail("recording has stopped");
	}
}

static const struct {
	const char *what;
	void (*call)(unsigned);
	enum act act;
} kinds[] = {
	{ "after a handler inside mprotect()", call_mprotect, CHANGE },
	{ "after a handler inside mmap()", call_mmap, CHANGE },
	{ "after a handler inside munmap()", call_munmap, CHANGE },
	{ "after a handler inside malloc()", call_malloc, CHANGE },
	{ "after a jump out of mprotect()", call_mprotect, JUMP },
	{ "after a jump out of mmap()", call_mmap, JUMP },
	{ "after a jump out of munmap()", call_munmap, JUMP },
	{ "after a jump out of sbrk()", call_sbrk, JUMP },
	{ "after a handler that forked inside mmap()", call_mmap, FORK },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void be_stepped(void)
{
	static char alternate[64 << 10];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction first = { .sa_handler = handler };
	struct sigaction second = { .sa_handler = second_handler };

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(77);
	mine = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	handlers = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	if (mine == MAP_FAILED || handlers == MAP_FAILED || sbrk(16 * (long)PAGE) == (void *)-1)
		fail("mmap");
	active = ml_active();
	mallopt(M_MMAP_THRESHOLD, 128 << 10); /* and not more with each block */
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &first, NULL);
	first.sa_flags = SA_ONSTACK;
	sigaction(SIGXCPU, &first, NULL);
	sigaction(SIGUSR2, &second, NULL);
	for (unsigned i = 0; i < KINDS; i++)
		rounds(kinds[i].what, kinds[i].call, kinds[i].act);
	rounds("after handlers on handlers", call_mmap, CHANGE);
	_exit(0);
}

/* ------------------------------------------------------------------ stepping */

static struct {
	unsigned long start, end;
} text; /* the shim's */

static unsigned long met[2];	     /* where the signals came, from the start of its text */
static unsigned long way[STEPS_MAX]; /* of one call through it */

static void find_shim(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4200];

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "libmapledger") != NULL && strstr(line, "r-xp") != NULL)
			sscanf(line, "%lx-%lx", &text.start, &text.end);
	if (maps != NULL)
		fclose(maps);
}

/* Return: the signal it stopped for; ends with the child. */
static int wait_for(pid_t child)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		_exit(0);
	if (WIFEXITED(status) || WIFSIGNALED(status))
		dprintf(2, "the last signals came at %#lx, %#lx in the shim\n", met[0], met[1]);
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	if (WIFSIGNALED(status)) {
		dprintf(2, "FAILED: the stepped child died of signal %d\n", WTERMSIG(status));
		_exit(1);
	}
	return WSTOPSIG(status);
}

static unsigned long get_pc(pid_t child)
{
	errno = 0;
	return (unsigned long)ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rip), NULL);
}

static bool in_shim(unsigned long pc)
{
	return text.start == 0 || (pc >= text.start && pc < text.end);
}

static void single_step(pid_t child, int with_signal)
{
	if (ptrace(PTRACE_SINGLESTEP, child, NULL, (void *)(long)with_signal) != 0)
		fail("PTRACE_SINGLESTEP");
	wait_for(child);
}

/* Until the next round begins. */
static void go_on(pid_t child, int with_signal)
{
	int got = with_signal;

	do {
		if (ptrace(PTRACE_CONT, child, NULL, (void *)(long)got) != 0)
			fail("PTRACE_CONT");
		got = wait_for(child);
	} while (got != SIGSTOP);
}

/* @n instructions of the shim on. False: the call was over before. */
static bool step(pid_t child, unsigned n)
{
	for (unsigned done = 0; !shared->over;) {
		if (in_shim(get_pc(child)) && done++ == n)
			return true;
		single_step(child, 0);
	}
	return false;
}

static unsigned long place_of(pid_t child)
{
	return get_pc(child) - text.start;
}

/* The way of one round, which the others take, too, but for a few instructions. */
static unsigned record_way(pid_t child)
{
	unsigned n = 0;

	for (; !shared->over; single_step(child, 0)) {
		unsigned long pc = get_pc(child);

		if (in_shim(pc) && n < STEPS_MAX)
			way[n++] = pc;
	}
	return n;
}

static void poke(pid_t child, unsigned long at, unsigned char byte, unsigned char *old)
{
	long word = ptrace(PTRACE_PEEKTEXT, child, (void *)at, NULL);

	*old = (unsigned char)word;
	word = (word & ~0xffL) | byte;
	if (ptrace(PTRACE_POKETEXT, child, (void *)at, (void *)word) != 0)
		fail("PTRACE_POKETEXT");
}

/* To a breakpoint. False: the next round began before. */
static bool run_to(pid_t child, unsigned long at)
{
	unsigned char old, unused;
	int got;

	poke(child, at, 0xcc, &old);
	if (ptrace(PTRACE_CONT, child, NULL, NULL) != 0)
		fail("PTRACE_CONT");
	got = wait_for(child);
	poke(child, at, old, &unused);
	if (got != SIGTRAP)
		return false;
	ptrace(PTRACE_POKEUSER, child, offsetof(struct user, regs.rip), (void *)at);
	return true;
}

static bool run_to_step(pid_t child, unsigned n)
{
	unsigned before = 0;

	for (unsigned i = 0; i < n; i++)
		before += way[i] == way[n];
	for (; run_to(child, way[n]); single_step(child, 0))
		if (before-- == 0)
			return true;
	return false;
}

/*
 * By turns on the normal and the alternate stack. Long ways are sampled, each time from
 * another start; ML_TEST_STEPS=N takes up to N of each.
 */
static void every_instruction(pid_t child, const char *what, unsigned rounds_max, uint32_t random)
{
	unsigned n, stride, n_met = 0, tried = 0;

	go_on(child, 0); /* the first time is not like the others */
	go_on(child, 0);
	n = record_way(child);
	stride = n / rounds_max + 1;
	go_on(child, 0);
	for (unsigned i = random % stride; i < n; i += stride, tried++)
		if (run_to_step(child, i)) {
			n_met++;
			met[0] = way[i] - text.start;
			go_on(child, tried & 1 ? SIGXCPU : SIGUSR1);
		}
	dprintf(2, "%s: %u of %u instructions\n", what, n_met, n);
	if (text.start != 0 && (n == 0 || n_met < 5))
		fail("the signals came too seldom");
	shared->last = true;
	go_on(child, 0);
}

/* The second one while the first one's handler, or the call itself, is in the shim. */
static void two_signals(pid_t child, uint64_t random)
{
	for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
		int number = 0;

		if (step(child, next_random(&random) % 400)) {
			met[0] = place_of(child);
			single_step(child, SIGUSR1);
			number = step(child, next_random(&random) % 800) ? SIGUSR2 : 0;
		}
		met[1] = place_of(child);
		go_on(child, number);
	}
	shared->last = true;
	ptrace(PTRACE_CONT, child, NULL, NULL);
	for (;;)
		ptrace(PTRACE_CONT, child, NULL, (void *)(long)wait_for(child));
}

int main(void)
{
	const char *steps = getenv("ML_TEST_STEPS");
	unsigned rounds_max = steps != NULL ? (unsigned)atoi(steps) : 24;
	uint64_t random = seed();
	pid_t child;

	find_shim();
	shared = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	child = fork();
	if (child == 0)
		be_stepped();
	if (child < 0 || wait_for(child) != SIGSTOP)
		fail("a child to step");
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_EXITKILL);
	for (unsigned i = 0; i < KINDS; i++)
		every_instruction(child, kinds[i].what,
				  kinds[i].act == FORK ? rounds_max / 4 + 1 : rounds_max,
				  next_random(&random));
	two_signals(child, random);
}
