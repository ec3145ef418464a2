/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes threads on the memory of others that have ended, and threads that no libc has made.
 * Each says "id number": the kernel's id of a thread, and the number of the call that it
 * made. What a child of fork says comes from its own file.
 *
 * usage: victim_thread_ids [symbols]: without call sites, where no call that makes a thread is
 * seen, and a child on its parent's thread pointer is taken for its parent
 */

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "victim.h"

#define FIRST_NUMBER 100000 /* pages: nobody else maps as many */
#define STACK	     (64UL << 10)
#define ROUNDS	     1500
#define AT_ONCE	     4
#define CROWD	     200

static atomic_uint n_calls;
static int said[1 << 16]; /* by number; ids */

static void call(void)
{
	unsigned number = atomic_fetch_add(&n_calls, 1);
	void *p =
		mmap(NULL, (FIRST_NUMBER + number) * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || number >= sizeof(said) / sizeof(said[0]))
		fail("mmap");
	munmap(p, (FIRST_NUMBER + number) * PAGE);
	said[number] = (int)syscall(SYS_gettid);
}

static void say(unsigned first)
{
	char line[64];

	for (unsigned i = first; i < n_calls; i++) {
		int n = snprintf(line, sizeof(line), "%d %u\n", said[i], FIRST_NUMBER + i);

		if (write(1, line, (size_t)n) != n)
			fail("write");
	}
}

/* ------------------------------------------------------------------ libc's threads */

static void *thread(void *unused)
{
	call();
	call();
	return unused;
}

static void many_threads(unsigned rounds, unsigned at_once)
{
	pthread_t threads[CROWD];

	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < at_once; i++)
			if (pthread_create(&threads[i], NULL, thread, NULL) != 0)
				fail("pthread_create");
		for (unsigned i = 0; i < at_once; i++)
			pthread_join(threads[i], NULL);
	}
}

static pthread_barrier_t barrier;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* One after the other: of so many at once, some calls would not be recorded. */
static void call_in_turn(void)
{
	pthread_mutex_lock(&turn);
	call();
	pthread_mutex_unlock(&turn);
}

static void *waiting_thread(void *unused)
{
	call_in_turn();
	pthread_barrier_wait(&barrier);
	call_in_turn();
	return unused;
}

static void crowd(void)
{
	pthread_t threads[CROWD];

	pthread_barrier_init(&barrier, NULL, CROWD);
	for (unsigned i = 0; i < CROWD; i++)
		if (pthread_create(&threads[i], NULL, waiting_thread, NULL) != 0)
			fail("pthread_create");
	for (unsigned i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
}

/* ----------------------------------------------------------------- threads by hand */

#if defined(__x86_64__)

#define THREAD                                                                                     \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |        \
	 CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID)

static _Alignas(64) char stacks[2][STACK];
static _Alignas(64) char blocks[2][4096]; /* thread-local storage: the middle is pointed to */
static _Atomic int alive[2];		  /* the kernel's, until the thread has ended */
static atomic_bool parent_waits;

static int child(void *unused)
{
	(void)unused;
	call();
	while (parent_waits)
		sched_yield();
	call();
	return 0;
}

static void wait_for(const _Atomic int *id)
{
	while (*id != 0)
		sched_yield();
}

static void start(unsigned i, int flags, void *pointer, _Atomic int *id)
{
	atomic_store(id, -1);
	if (clone(child, stacks[i] + STACK - 64, flags, NULL, (void *)id, pointer, (void *)id) < 0)
		fail("clone");
}

static char *libcs_pointer(void)
{
	char *pointer;

	__asm__("mov %%fs:0, %0" : "=r"(pointer));
	return pointer;
}

/* Where libc has its word for the id. */
static long word_offset(void)
{
	const char *pointer = libcs_pointer();
	int id = (int)syscall(SYS_gettid);

	for (long at = 0; at < 2000; at += 4)
		if (memcmp(pointer + at, &id, sizeof(id)) == 0)
			return at;
	return 0;
}

enum block { EMPTY, COPY };

static char *new_block(unsigned i, enum block how)
{
	char *pointer = blocks[i] + sizeof(blocks[i]) / 2;

	memset(blocks[i], 0, sizeof(blocks[i]));
	if (how == COPY)
		memcpy(pointer, libcs_pointer(), sizeof(blocks[i]) / 2);
	memcpy((void *)pointer, &pointer, sizeof(pointer));
	memcpy((void *)(pointer + 16), &pointer, sizeof(pointer));
	return pointer;
}

static void own_storage(void)
{
	for (unsigned i = 0; i < 50; i++) {
		start(0, THREAD | CLONE_SETTLS, new_block(0, EMPTY), &alive[0]);
		start(1, THREAD | CLONE_SETTLS, new_block(1, COPY), &alive[1]);
		call();
		wait_for(&alive[0]);
		wait_for(&alive[1]);
		start(0, THREAD | CLONE_SETTLS, NULL, &alive[0]);
		wait_for(&alive[0]);
	}
}

/*
 * The word is where libc's is, so that the thread is known by it. Then another one on the same
 * block, where what the first one's word was is put back by hand.
 */
static void same_storage(bool sites)
{
	char *pointer = new_block(0, EMPTY);
	_Atomic int *word = (void *)(pointer + word_offset());
	int id;

	for (unsigned i = 0; i < 50; i++) {
		parent_waits = true;
		start(0, THREAD | CLONE_SETTLS, pointer, word);
		while (*word <= 0)
			sched_yield();
		id = *word;
		parent_waits = false;
		wait_for(word);
		if (!sites)
			continue;
		*word = id;
		start(1, THREAD | CLONE_SETTLS, pointer, &alive[1]);
		wait_for(&alive[1]);
	}
}

/* On its parent's thread pointer, while its parent calls, too. */
static void parents_storage(void)
{
	for (unsigned i = 0; i < 50; i++) {
		parent_waits = true;
		start(0, THREAD, NULL, &alive[0]);
		call();
		parent_waits = false;
		call();
		wait_for(&alive[0]);
		call();
	}
}

static void threads_by_hand(bool sites)
{
	own_storage();
	same_storage(sites);
	if (sites)
		parents_storage();
}

#else

static void threads_by_hand(bool sites)
{
	(void)sites;
}

#endif

/* ---------------------------------------------------------------------- processes */

static void vforks(void)
{
	for (unsigned i = 0; i < 20; i++) {
		pid_t pid = vfork();

		if (pid == 0) {
			call();
			call();
			_exit(0);
		}
		call();
		waitpid(pid, NULL, 0);
	}
}

static void *forking_thread(void *by_hand)
{
	unsigned first = n_calls;
	int status = 0;
	pid_t pid;

	call();
	pid = by_hand != NULL ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
	if (pid == 0) {
		call();
		call();
		many_threads(10, AT_ONCE);
		call();
		say(first + 1);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail("a fork child");
	call();
	return NULL;
}

/* The child's numbers are the parent's once more, so it says its own and the parent skips them. */
static void forks(void)
{
	for (unsigned i = 0; i < 6; i++) {
		pthread_t forking;

		if (i % 3 == 2) {
			if (pthread_create(&forking, NULL, forking_thread, NULL) != 0)
				fail("pthread_create");
			pthread_join(forking, NULL);
		} else {
			forking_thread(i % 3 == 1 ? &forking : NULL);
		}
	}
}

int main(int argc, char **argv)
{
	bool sites = argc < 2 || strcmp(argv[1], "symbols") != 0;

	call();
	many_threads(ROUNDS, AT_ONCE);
	crowd();
	threads_by_hand(sites);
	if (sites)
		vforks();
	many_threads(20, AT_ONCE);
	forks();
	call();
	if (sites)
		must_agree("after all");
	say(0);
	return 0;
}
