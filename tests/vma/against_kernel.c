/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The fold against the kernel: random calls are made for real, and after each
 * one the set must equal /proc/self/maps, all of it, in canonical form. In the
 * end everything is folded again from what was recorded, and after each call
 * that map must be the live one to the last bit.
 *
 *     ML_TEST_SEED=7 ML_TEST_STEPS=1000000   choose the sequence and its length
 *
 * The child that does this calls nothing that maps memory on its own: what it
 * needs is static.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "areas_text.h"
#include "base/sys.h"
#include "base/text.h"
#include "resync.h"
#include "vma/vm_abi.h"
#include "vma/vm_call.h"
#include "vma/vm_compare.h"

#define PAGE	     VM_PAGE_SIZE
#define WINDOW_PAGES 64
#define ZONE_SIZE    (4ULL << 20) /* the window is at its start; aligned for huge pages */
#define HEAP_PAGES   40
#define FILE_PAGES   32
#define MAX_PAGES    16

enum {
	DEFAULT_STEPS = 20000,
	STEPS_MAX = 2000000,
	READBACKS_MAX = 400000,
	AREAS_MAX = 1000000,
	FDS_MAX = 8,
	SEGMENTS = 2,
};

/* --------------------------------------------------------------- static memory */

static char arena[96 << 20] __attribute__((aligned(64)));
static size_t arena_used;

static void *arena_alloc(void *context, size_t size)
{
	void *memory = arena + arena_used;

	(void)context;
	size = (size + 63) & ~(size_t)63;
	if (size > sizeof(arena) - arena_used)
		return NULL;
	arena_used += size;
	return memory;
}

static void arena_free(void *context, void *memory, size_t size)
{
	(void)context;
	(void)memory;
	(void)size;
}

static const struct ml_allocator arena_allocator = { arena_alloc, arena_free, NULL };

struct stored_readback {
	struct addr_range range;
	uint32_t reason;
	uint32_t n_areas;
	uint32_t first_area;
};

struct step {
	struct vm_call call;
	uint32_t first_readback;
	uint32_t n_readbacks;
	uint64_t hash; /* of the set after it */
};

static struct step steps[DEFAULT_STEPS * 2];
static struct stored_readback readbacks[READBACKS_MAX];
static struct memory_area areas[AREAS_MAX];
static size_t n_steps, n_readbacks, n_areas;
static bool storing = true;

/* ------------------------------------------------------------------- the world */

static struct vm_space space;
static struct readback kernel; /* too large for the stack */
static struct readback answer;
static struct {
	uint64_t zone;
	uint64_t heap; /* no address below it is touched */
	int fds[FDS_MAX];
	int zero; /* reads as zeros */
	unsigned n_fds;
	unsigned n_good_fds; /* the first ones; the others can't be mapped */
	int segments[SEGMENTS];
	unsigned n_segments;
	enum kernel_way way; /* the one to use unless chosen by chance */
	bool has_query;
} world;

static uint64_t seed, rng;
static uint64_t call_counts[VM_OP_COUNT][2];	 /* failed, succeeded */
static uint64_t readback_counts[VM_OP_COUNT][2]; /* the map was as the kernel says, it was not */
static struct addr_range stray; /* a mapping outside the window, to be removed next */
static bool stray_is_segment;

static uint64_t random_u64(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng * 0x2545f4914f6cdd1dULL;
}

static uint64_t below(uint64_t limit)
{
	return (random_u64() >> 33) % limit;
}

static bool one_in(uint64_t n)
{
	return below(n) == 0;
}

/* -------------------------------------------------------------- random arguments */

static uint64_t any_page(void)
{
	if (one_in(12))
		return world.heap + below(HEAP_PAGES) * PAGE;
	return world.zone + below(WINDOW_PAGES) * PAGE;
}

/* Mostly where something is: calls on nothing mostly fail, and teach little. */
static uint64_t any_mapped_page(void)
{
	uint64_t page = any_page();
	const struct memory_area *area = memory_set_find_from(space.set, page);

	if (area == NULL || area->range.start > page + 4 * PAGE || one_in(6))
		return page;
	return area->range.start > page || one_in(2) ? area->range.start : page;
}

static uint64_t any_addr(void)
{
	return any_page() + (one_in(40) ? 1 + below(PAGE - 1) : 0);
}

static uint64_t any_mapped_addr(void)
{
	return any_mapped_page() + (one_in(40) ? 1 + below(PAGE - 1) : 0);
}

static uint64_t any_len(void)
{
	if (one_in(120))
		return one_in(2) ? 0 : UINT64_MAX - below(2 * PAGE);
	return (1 + below(one_in(4) ? MAX_PAGES : 4)) * PAGE - (one_in(3) ? below(PAGE) : 0);
}

static uint64_t any_prot(void)
{
	return one_in(4) ? PROT_READ | PROT_WRITE : below(8);
}

static void mmap_backing(struct vm_call *call)
{
	uint64_t *args = call->args;

	args[3] |= one_in(3) ? MAP_SHARED : MAP_PRIVATE;
	args[4] = (uint64_t)-1;
	if (one_in(2)) {
		args[3] |= MAP_ANONYMOUS;
		args[5] = one_in(8) ? below(20) * PAGE : 0;
		if (one_in(8) && !(args[3] & MAP_SHARED))
			args[3] |= MAP_GROWSDOWN;
		return;
	}
	args[4] = (uint64_t)world.fds[below(one_in(8) ? world.n_fds : world.n_good_fds)];
	args[5] = below(FILE_PAGES) * PAGE + (one_in(50) ? 8 : 0);
}

/* Reserving nothing, so that no huge page need exist. */
static void huge_mmap(struct vm_call *call)
{
	uint64_t *args = call->args;

	args[0] = world.zone;
	args[1] = 1 + below(2 << 20);
	args[3] = MAP_FIXED | MAP_ANONYMOUS | MAP_HUGETLB | (one_in(2) ? MAP_SHARED : MAP_PRIVATE);
	if (!one_in(3))
		args[3] |= MAP_NORESERVE;
	args[4] = (uint64_t)-1;
	args[5] = 0;
}

static void any_mmap(struct vm_call *call)
{
	static const int extra[] = {
		MAP_STACK, MAP_NORESERVE, MAP_POPULATE, MAP_32BIT, 0, 0, 0, 0
	};
	uint64_t *args = call->args;
	uint64_t place = below(8);

	*call = (struct vm_call){ .op = VM_OP_MMAP,
				  .args = { any_addr(), any_len(), any_prot(),
					    (uint64_t)extra[below(8)] } };
	if (place == 0)
		args[0] = 0;
	else if (place == 1)
		args[3] |= MAP_FIXED_NOREPLACE;
	else if (place > 2)
		args[3] |= MAP_FIXED;
	mmap_backing(call);
	if (one_in(300))
		huge_mmap(call);
}

static void any_munmap(struct vm_call *call)
{
	*call = (struct vm_call){ .op = VM_OP_MUNMAP, .args = { any_addr(), any_len() } };
	if (one_in(150)) {
		call->args[0] = world.zone;
		call->args[1] = ZONE_SIZE / 2;
	}
}

static void any_mprotect(struct vm_call *call)
{
	*call = (struct vm_call){ .op = VM_OP_MPROTECT,
				  .args = { any_mapped_addr(), any_len(), any_prot() } };
	if (one_in(8))
		call->args[2] |= one_in(8) ? PROT_GROWSUP : PROT_GROWSDOWN;
	if (one_in(30))
		call->args[2] |= 1 << 20; /* no such prot */
	if (one_in(8)) {
		call->op = VM_OP_PKEY_MPROTECT;
		call->args[3] = one_in(10) ? 0 : (uint64_t)-1;
	}
}

static void any_mremap(struct vm_call *call)
{
	uint64_t *args = call->args;
	uint64_t form = below(8);

	*call = (struct vm_call){ .op = VM_OP_MREMAP,
				  .args = { any_mapped_addr(), any_len(), any_len(), 0,
					    any_addr() } };
	if (form >= 1)
		args[3] |= MREMAP_MAYMOVE;
	if (form >= 4)
		args[3] |= MREMAP_FIXED;
	if (form == 3 || form == 7)
		args[3] |= MREMAP_DONTUNMAP;
	if (form == 3 || form == 7 || one_in(3))
		args[2] = args[1];
	if (one_in(10))
		args[1] = 0;
	if (one_in(60))
		args[3] |= 8;
}

static void any_brk(struct vm_call *call)
{
	*call = (struct vm_call){ .op = VM_OP_BRK };
	if (!one_in(8))
		call->args[0] = world.heap + below(HEAP_PAGES * PAGE);
	else if (one_in(4))
		call->args[0] = PAGE + below(PAGE);
}

static void any_shmat(struct vm_call *call)
{
	*call = (struct vm_call){ .op = VM_OP_SHMAT,
				  .args = { (uint64_t)world.segments[below(world.n_segments)],
					    any_addr() } };
	call->args[2] = (one_in(3) ? VM_SHM_RDONLY : 0) | (one_in(4) ? VM_SHM_EXEC : 0) |
			(one_in(4) ? VM_SHM_RND : 0) | (one_in(2) ? VM_SHM_REMAP : 0);
	if (one_in(16))
		call->args[1] = 0;
}

/* Half of the time where there is one. */
static void any_shmdt(struct vm_call *call)
{
	struct memory_set_iter iter =
		memory_set_iter_from_start(space.set,
					   (struct addr_range){ any_page(), UINT64_MAX });
	const struct memory_area *area;

	*call = (struct vm_call){ .op = VM_OP_SHMDT, .args = { any_addr() } };
	while (one_in(2) && (area = memory_set_iter_next(&iter)) != NULL)
		if (area->flags & VM_SHM)
			call->args[0] = area->range.start - area->offset;
}

static void any_madvise(struct vm_call *call)
{
	static const int advices[] = {
		MADV_DONTFORK,	   MADV_DOFORK,	  MADV_WIPEONFORK, MADV_KEEPONFORK,
		MADV_DONTNEED,	   MADV_RANDOM,	  MADV_NOHUGEPAGE, MADV_GUARD_INSTALL,
		MADV_GUARD_REMOVE, MADV_DONTDUMP, MADV_FREE,	   1234,
	};

	*call = (struct vm_call){ .op = VM_OP_MADVISE,
				  .args = { any_mapped_addr(), any_len(),
					    (uint64_t)advices[below(12)] } };
}

static void any_remap_file_pages(struct vm_call *call)
{
	*call = (struct vm_call){ .op = VM_OP_REMAP_FILE_PAGES,
				  .args = { any_mapped_addr(), any_len(), one_in(20),
					    below(FILE_PAGES) } };
}

static void (*const any_call[])(struct vm_call *call) = {
	any_mmap,   any_mmap,	any_mmap,     any_mmap,	    any_mmap,
	any_munmap, any_mmap,	any_mprotect, any_mprotect, any_mprotect,
	any_mremap, any_mremap, any_mremap,   any_mremap,   any_brk,
	any_shmat,  any_shmdt,	any_madvise,  any_madvise,  any_remap_file_pages,
};

static bool in_our_places(uint64_t addr)
{
	return (addr >= world.zone && addr < world.zone + ZONE_SIZE) ||
	       (addr >= world.heap && addr < world.heap + 2 * HEAP_PAGES * PAGE);
}

/* Huge pages fill the window and refuse nearly everything, so they don't stay for long. */
static bool huge_pages_in_the_way(void)
{
	const struct memory_area *area = memory_set_find(space.set, world.zone);

	return area != NULL && (area->flags & VM_HUGE_MASK) != 0 && one_in(12);
}

static void choose_call(struct vm_call *call)
{
	if (huge_pages_in_the_way()) {
		*call = (struct vm_call){ .op = VM_OP_MUNMAP,
					  .args = { world.zone, ZONE_SIZE / 2 } };
		return;
	}
	do {
		any_call[below(sizeof(any_call) / sizeof(any_call[0]))](call);
	} while (world.n_segments == 0 && call->op == VM_OP_SHMAT);
	if (stray.start >= stray.end)
		return;
	if (stray_is_segment)
		*call = (struct vm_call){ .op = VM_OP_SHMDT, .args = { stray.start } };
	else
		*call = (struct vm_call){ .op = VM_OP_MUNMAP,
					  .args = { stray.start, stray.end - stray.start } };
	stray = (struct addr_range){ 0 };
}

/* Mappings that the kernel put somewhere else go at once: they would pile up. */
static void note_stray(const struct vm_call *call)
{
	uint64_t at = (uint64_t)call->result;
	uint64_t len = call->op == VM_OP_MREMAP ? call->args[2] : call->args[1];

	if (vm_call_failed(call) || in_our_places(at))
		return;
	if (call->op != VM_OP_MMAP && call->op != VM_OP_MREMAP && call->op != VM_OP_SHMAT)
		return;
	stray = (struct addr_range){ at, at + vm_page_up(len) };
	stray_is_segment = call->op == VM_OP_SHMAT;
	if (stray_is_segment)
		stray.end = at + PAGE;
}

/* ----------------------------------------------------------------------- judging */

static void say(const char *what, const char *about)
{
	dprintf(2, "%s%s\n", what, about);
}

static void describe(const char *side, const struct memory_area *area)
{
	char text[256];

	if (area == NULL)
		return;
	area_format(area, text, sizeof(text));
	say(side, text);
}

static void report(void *context, const struct vm_difference *difference)
{
	(void)context;
	if (VM_DIFF_IS_TOLERANCE(difference->kind))
		return;
	dprintf(2, "  %s %llx-%llx\n", vm_diff_name(difference->kind),
		(unsigned long long)difference->range.start,
		(unsigned long long)difference->range.end);
	describe("    kernel ", difference->kernel);
	describe("    ours   ", difference->ours);
}

static uint64_t n_tolerated[VM_DIFF_COUNT];

static bool equals_kernel(enum kernel_way way)
{
	struct vm_array_source theirs;
	struct vm_set_source ours;
	struct vm_comparison comparison;

	readback_get(&kernel, &space, MEMORY_SET_ALL, VM_REASON_NONE, way);
	vm_array_source_init(&theirs, kernel.areas, kernel.n_areas);
	vm_set_source_init(&ours, space.set, MEMORY_SET_ALL);
	vm_compare(&theirs.source, &ours.source, MEMORY_SET_ALL, report, NULL, &comparison);
	for (unsigned kind = 0; kind < VM_DIFF_COUNT; kind++)
		n_tolerated[kind] += comparison.count[kind];
	return vm_comparison_unexplained(&comparison) == 0;
}

static uint64_t hash_set(const struct memory_set *set)
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, MEMORY_SET_ALL);
	const struct memory_area *area;
	uint64_t sum = 0;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		const uint64_t words[] = { area->range.start, area->range.end, area->flags,
					   area->offset,      area->origin,    area->tag[0],
					   area->tag[1] };

		for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15ULL + (sum >> 29);
	}
	return sum;
}

static void complain(const struct vm_call *call, uint64_t step, const char *what)
{
	static char buffer[512];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	vm_call_format(&text, call, true);
	dprintf(2, "ML_TEST_SEED=%llu step %llu: %s\n  %s\n", (unsigned long long)seed,
		(unsigned long long)step, what, buffer);
}

/* ------------------------------------------------------------------------- living */

static enum kernel_way any_way(void)
{
	return world.has_query && one_in(2) ? KERNEL_QUERY : KERNEL_TEXT;
}

static void store_readback(struct step *step)
{
	if (!storing)
		return;
	if (n_readbacks == READBACKS_MAX || n_areas + answer.n_areas > AREAS_MAX) {
		storing = false;
		return;
	}
	memcpy(areas + n_areas, answer.areas, answer.n_areas * sizeof(areas[0]));
	readbacks[n_readbacks++] = (struct stored_readback){
		.range = answer.range,
		.reason = answer.reason,
		.n_areas = (uint32_t)answer.n_areas,
		.first_area = (uint32_t)n_areas,
	};
	n_areas += answer.n_areas;
	step->n_readbacks++;
}

static void resolve_doubts(const struct vm_doubts *doubts, struct step *step)
{
	uint64_t before;

	for (unsigned i = 0; i < doubts->n; i++) {
		readback_get(&answer, &space, doubts->doubt[i].range, doubts->doubt[i].reason,
			     any_way());
		store_readback(step);
		before = hash_set(space.set);
		if (readback_put(&answer, &space) != 0)
			say("vm_replace failed", "");
		readback_counts[step->call.op][hash_set(space.set) != before]++;
	}
}

/*
 * Page-fault history decides how the kernel merges, and what it does to offsets
 * when it moves something; that must make no difference. The kernel writes: it
 * is refused where a store would be the end of us.
 */
static void touch_something(void)
{
	const struct memory_area *area = memory_set_find(space.set, any_page());

	if (area != NULL && in_our_places(area->range.start))
		sys_read(world.zero, (void *)(uintptr_t)area->range.start, 1);
}

static bool live_one(uint64_t number)
{
	static struct step scratch;
	struct step *step;
	struct vm_doubts doubts;
	const char *wrong;

	storing = storing && n_steps < sizeof(steps) / sizeof(steps[0]);
	step = storing ? &steps[n_steps++] : &scratch;
	choose_call(&step->call);
	step->call.event = number;
	step->first_readback = (uint32_t)n_readbacks;
	if (vm_space_reserve(&space, 1) != 0)
		return false;
	vm_apply(&space, &step->call, &doubts);
	resolve_doubts(&doubts, step);
	note_stray(&step->call);
	call_counts[step->call.op][!vm_call_failed(&step->call)]++;
	wrong = memory_set_check(space.set);
	if (wrong != NULL || !equals_kernel(any_way())) {
		complain(&step->call, number, wrong == NULL ? "differs from the kernel" : wrong);
		return false;
	}
	step->hash = hash_set(space.set);
	touch_something();
	return true;
}

/* --------------------------------------------------------------------- folding again */

static void copy_objects(struct vm_space *to)
{
	for (uint32_t id = 1; id <= space.objects.count; id++)
		vm_objects_intern(&to->objects, vm_objects_get(&space.objects, id));
}

static void put_stored(struct vm_space *to, const struct stored_readback *stored)
{
	vm_replace(to, stored->range, areas + stored->first_area, stored->n_areas,
		   vm_reason_source(stored->reason));
}

static bool fold_again(uint64_t start_brk, uint64_t brk)
{
	struct vm_space again;
	bool equal = true;

	if (vm_space_init(&again, &arena_allocator, NULL, NULL) != 0)
		return false;
	copy_objects(&again);
	again.start_brk = start_brk;
	again.brk = brk;
	again.personality = space.personality;
	put_stored(&again, &readbacks[0]); /* the baseline */
	for (size_t i = 0; i < n_steps && equal; i++) {
		struct vm_call call = steps[i].call;
		struct vm_doubts doubts;

		vm_apply(&again, &call, &doubts);
		for (uint32_t k = 0; k < steps[i].n_readbacks; k++)
			put_stored(&again, &readbacks[steps[i].first_readback + k]);
		equal = hash_set(again.set) == steps[i].hash;
		if (!equal)
			complain(&call, i + 1, "folded again, the map is another one");
	}
	vm_space_finish(&again);
	return equal;
}

/* ------------------------------------------------------------------------- the child */

static void add_fd(int fd)
{
	if (fd >= 0 && world.n_fds < FDS_MAX)
		world.fds[world.n_fds++] = fd;
}

static void open_files(void)
{
	char path[] = "/tmp/vma_test_XXXXXX";
	int pair[2];
	int fd = mkstemp(path);

	if (fd >= 0 && ftruncate(fd, FILE_PAGES * (off_t)PAGE) == 0) {
		add_fd(fd);
		add_fd(open(path, O_RDONLY));
		unlink(path);
	}
	world.zero = open("/dev/zero", O_RDWR);
	add_fd(world.zero);
	fd = (int)syscall(SYS_memfd_create, "vma test", 0);
	if (fd >= 0 && ftruncate(fd, FILE_PAGES * (off_t)PAGE) == 0)
		add_fd(fd);
	world.n_good_fds = world.n_fds;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
		add_fd(pair[0]); /* can't be mapped, and says so late */
	add_fd(1000);		 /* no such descriptor */
}

static void make_places(void)
{
	uint64_t place = (uint64_t)sys_mmap(0, 2 * ZONE_SIZE, PROT_NONE,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	world.zone = (place + ZONE_SIZE - 1) & ~(ZONE_SIZE - 1);
	sys_munmap(world.zone, WINDOW_PAGES * PAGE);
	space.brk = (uint64_t)sys_call6(SYS_brk, 0, 0, 0, 0, 0, 0);
	space.start_brk = space.brk;
	world.heap = vm_page_up(space.brk);
}

static void read_baseline(void)
{
	struct step none = { 0 };

	readback_get(&answer, &space, MEMORY_SET_ALL, VM_REASON_BASELINE, KERNEL_TEXT);
	store_readback(&none);
	readback_put(&answer, &space);
}

static void print_counts(void)
{
	for (unsigned op = VM_OP_MMAP; op <= VM_OP_MADVISE; op++)
		dprintf(2, "# %-17s %7llu ok %7llu failed, doubts: %7llu dispelled %7llu right\n",
			vm_op_info(op)->name, (unsigned long long)call_counts[op][1],
			(unsigned long long)call_counts[op][0],
			(unsigned long long)readback_counts[op][0],
			(unsigned long long)readback_counts[op][1]);
	dprintf(2, "# %zu steps and %zu answers of the kernel folded again\n", n_steps,
		n_readbacks);
	for (unsigned kind = VM_DIFF_STACK_GROWTH; kind < VM_DIFF_COUNT; kind++)
		if (n_tolerated[kind] != 0)
			dprintf(2, "# tolerated %s: %llu\n", vm_diff_name(kind),
				(unsigned long long)n_tolerated[kind]);
}

static int live(uint64_t n, uint32_t personality_flags)
{
	uint64_t start_brk, brk;

	if (personality_flags != 0 && syscall(SYS_personality, personality_flags) < 0)
		return 3;
	open_files();
	world.has_query = kernel_has_query();
	if (vm_space_init(&space, &arena_allocator, perform_for_real, NULL) != 0)
		return 2;
	space.personality = personality_flags;
	make_places();
	start_brk = space.start_brk;
	brk = space.brk;
	read_baseline();
	for (uint64_t number = 1; number <= n; number++)
		if (!live_one(number))
			return 1;
	print_counts();
	return fold_again(start_brk, brk) ? 0 : 1;
}

/* ------------------------------------------------------------------------ the parent */

static void make_segments(void)
{
	for (unsigned i = 0; i < SEGMENTS; i++) {
		int id = shmget(IPC_PRIVATE, (3 + 2 * i) * PAGE - 5, IPC_CREAT | 0600);

		if (id >= 0)
			world.segments[world.n_segments++] = id;
	}
}

static void remove_segments(void)
{
	for (unsigned i = 0; i < world.n_segments; i++)
		shmctl(world.segments[i], IPC_RMID, NULL);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
	const char *value = getenv(variable);

	return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

static void run(uint32_t personality_flags, uint64_t default_steps)
{
	uint64_t n = number_from("ML_TEST_STEPS", default_steps);
	int status;
	pid_t child;

	seed = number_from("ML_TEST_SEED", (uint64_t)getpid() * 2654435761u + 1);
	rng = seed * 0x9e3779b97f4a7c15ULL | 1;
	dprintf(2, "# ML_TEST_SEED=%llu\n", (unsigned long long)seed);
	make_segments();
	child = fork();
	if (child == 0)
		_exit(live(n < STEPS_MAX ? n : STEPS_MAX, personality_flags));
	waitpid(child, &status, 0);
	remove_segments();
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
		cr_skip_test("this personality can't be had here");
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "ML_TEST_SEED=%llu: status %x",
		  (unsigned long long)seed, (unsigned)status);
}

Test(against_kernel, every_call_leaves_both_maps_equal, .timeout = 600)
{
	run(0, DEFAULT_STEPS);
}

Test(against_kernel, reading_may_imply_executing, .timeout = 600)
{
	run(READ_IMPLIES_EXEC, DEFAULT_STEPS / 10);
}
