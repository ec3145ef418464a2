/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/sys.h"
#include "fuzz_again.h"
#include "fuzz_generate.h"
#include "fuzz_judge.h"
#include "fuzz_memory.h"
#include "fuzz_run.h"
#include "fuzz_world.h"
#include "page_model.h"
#include "vma/kernel_map.h"
#include "vma/vm_abi.h"
#include "vma/vm_advice.h"
#include "vma/vm_apply.h"
#include "vma/vm_apply_advice.h"
#include "vma/vm_edge.h"
#include "vma/vm_reach.h"

enum { STATUS_EQUAL = 0, STATUS_DIFFERS = 1, STATUS_CANT = 2, SMAPS_EVERY = 16 };

struct fuzz_log *fuzz_log;

/* ------------------------------------------------------------------ in the child */

static struct vm_space space;
static struct readback answer; /* too large for the stack */
static enum kernel_way way;

/* A call at hand: as it was written, and as it was made here. */
struct doing {
	const struct fuzz_call *call;
	struct vm_call made;
	long nr;
};

static void read_back(const struct vm_doubt *doubt, unsigned op)
{
	uint64_t before = fuzz_again_hash(space.set);

	readback_doubt(&answer, &space, doubt, way);
	fuzz_again_answer(&answer);
	if (readback_put(&answer, &space) != 0)
		abort();
	if (op < OP_COUNT)
		fuzz_log->counts.readbacks[op][fuzz_again_hash(space.set) != before]++;
}

static void read_back_all(enum vm_reason reason)
{
	const struct vm_doubt all = { { 0, 1ULL << 63 }, reason, false };

	read_back(&all, OP_COUNT);
}

/* Calls that change the map and that the fold has no operation for are found by a witness. */
static bool changes_map(unsigned op)
{
	return op == OP_IO_SETUP || op == OP_IO_DESTROY || op == OP_ARCH_PRCTL ||
	       op == OP_MAP_SHADOW_STACK;
}

static void do_unobserved(struct doing *doing)
{
	const uint64_t *a = doing->made.args;

	if (doing->nr < 0)
		doing->made.result = fuzz_world_pseudo(doing->nr, a);
	else
		doing->made.result = sys_call6(doing->nr, (long)a[0], (long)a[1], (long)a[2],
					       (long)a[3], (long)a[4], (long)a[5]);
	if (!changes_map(doing->call->op))
		return;
	fuzz_log->counts.n_unobserved++;
	fuzz_again_call(&(struct vm_call){ .op = VM_OP_NONE });
	read_back_all(VM_REASON_UNOBSERVED);
	fuzz_again_result(&space);
}

/*
 * What the set can't know of attributes that no map shows. Where the installation of guards
 * stopped depends on what is locked, which a failed mlock may leave unknown; and of a move that
 * failed the old places tell how far it came, unless they stay mapped.
 */
static void doubt_hidden(const struct vm_call *made, const struct vm_doubts *doubts)
{
	const uint64_t *args = made->args;
	struct addr_range from = { args[0], args[0] + vm_page_up(args[1]) };

	if (made->op == VM_OP_MADVISE && args[2] == MADV_GUARD_INSTALL && made->result == -EINVAL)
		fuzz_judge_doubt_hidden(from);
	if (made->op != VM_OP_MREMAP)
		return;
	fuzz_judge_moved(from, vm_call_failed(made) ? args[4] : (uint64_t)made->result,
			 vm_page_up(args[2]));
	for (unsigned i = 0; i < doubts->n && (args[3] & MREMAP_DONTUNMAP); i++)
		if (doubts->doubt[i].reason == VM_REASON_FAILED)
			fuzz_judge_doubt_hidden(doubts->doubt[i].range);
}

/* As resync_before() in preload/map/resync.c. */
static void read_first(const struct vm_call *call)
{
	struct addr_range ranges[2], gap;
	unsigned n = vm_ranges_to_know(call, ranges);

	for (unsigned i = 0; i < n; i++)
		while (vm_edge_next(space.set, &ranges[i], &gap)) {
			fuzz_again_call(&(struct vm_call){ .op = VM_OP_NONE });
			read_back(&(struct vm_doubt){ gap, VM_REASON_STACK, false }, OP_COUNT);
			fuzz_again_result(&space);
		}
}

static void do_observed(struct doing *doing)
{
	struct vm_doubts doubts;

	read_first(&doing->made);
	vm_space_reserve(&space, 1);
	vm_apply(&space, &doing->made, &doubts);
	fuzz_again_call(&doing->made);
	for (unsigned i = 0; i < doubts.n; i++)
		read_back(&doubts.doubt[i], doing->call->op);
	doubt_hidden(&doing->made, &doubts);
	fuzz_again_result(&space);
}

/* As preload/record/parts.c: one call for each element, up to the one that stopped it. */
static void do_parts(struct doing *doing)
{
	const struct vm_call *whole = &doing->made;
	uint64_t left = vm_call_failed(whole) ? 0 : (uint64_t)whole->result;
	bool more = vm_advice_has_effect((uint32_t)whole->args[3]);

	for (unsigned i = 0; i < doing->call->n_vector && more; i++) {
		uint64_t addr = world.vector[2 * i], len = world.vector[2 * i + 1];
		struct doing part = { .call = doing->call };

		part.made = (struct vm_call){ .op = VM_OP_MADVISE,
					      .flags = VM_CALL_PART,
					      .event = whole->event,
					      .args = { addr, len, whole->args[3] } };
		read_first(&part.made);
		more = left >= len;
		if (more)
			left -= len;
		else if (vm_call_failed(whole))
			part.made.result = whole->result;
		else
			part.made.result =
				vm_advice_error(&space,
						(struct addr_range){ addr, addr + vm_page_up(len) },
						(uint32_t)whole->args[3]);
		do_observed(&part);
		if (part.made.result != 0)
			fuzz_judge_doubt_hidden((struct addr_range){ addr, addr + len });
	}
}

/* How large something is that the kernel made: to the end of what looks the same. */
static uint64_t size_at(uint64_t addr)
{
	const struct memory_area *area = memory_set_find(space.set, addr);

	return area == NULL ? 0 : area->range.end - addr;
}

static void tell_model(const struct doing *doing)
{
	struct page_call call = { .nr = doing->nr, .result = doing->made.result };
	unsigned op = doing->call->op;

	memcpy(call.args, doing->made.args, sizeof(call.args));
	memcpy(call.vector, world.vector, sizeof(call.vector));
	call.n_vector = doing->call->n_vector;
	if (op == OP_IO_SETUP) {
		call.made_at = world.context;
		call.vector[0] = size_at(world.context) / FUZZ_PAGE;
	} else if (op == OP_ARCH_PRCTL) {
		fuzz_world_find_vdso();
		call.made_at = world.base[FUZZ_VDSO];
		call.vector[0] = world.vdso_size;
	}
	page_model_call(&call);
}

static void keep_place(const struct doing *doing)
{
	uint64_t at = (uint64_t)doing->made.result, size;
	unsigned op = doing->call->op;

	if (vm_call_failed(&doing->made))
		return;
	if (op == OP_IO_SETUP)
		at = world.context;
	if (fuzz_world_is_ours(at))
		return;
	size = op == OP_MMAP || op == OP_MREMAP || op == OP_MAP_SHADOW_STACK
		       ? doing->made.args[op == OP_MREMAP ? 2 : 1]
		       : size_at(at);
	fuzz_world_keep(doing->call, at, size);
}

/* All of it is unmapped: the kernel may put something else there. */
static void forget_place(const struct doing *doing)
{
	const struct fuzz_value *at = &doing->call->args[0];
	unsigned slot = at->base - FUZZ_R0;

	if (doing->call->op == OP_MUNMAP && at->base >= FUZZ_R0 && at->offset == 0 &&
	    !vm_call_failed(&doing->made) &&
	    vm_page_up(doing->made.args[1]) >= vm_page_up(world.slot_size[slot]))
		fuzz_world_forget(slot);
}

static bool look_in_child(char *why, size_t size)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(fuzz_judge_fork(&space, why, size) ? 0 : 1);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return true;
	fuzz_log->counts.calls[OP_FORK][1]++;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The number is the call's in the log, so that complaints name it. */
static void make(struct doing *doing)
{
	if (doing->nr >= 0 && doing->made.op != VM_OP_NONE)
		do_observed(doing);
	else
		do_unobserved(doing);
	if (doing->made.op == VM_OP_PROCESS_MADVISE)
		do_parts(doing);
	tell_model(doing);
	keep_place(doing);
	forget_place(doing);
	fuzz_log->result = doing->made.result;
	fuzz_log->counts.calls[doing->call->op][!vm_call_failed(&doing->made)]++;
}

static bool do_call(const struct fuzz_call *call, enum fuzz_judging how)
{
	const size_t size = sizeof(fuzz_log->verdict);
	struct doing doing = { .call = call, .nr = fuzz_ops[call->op].nr };

	fuzz_log->calls[fuzz_log->n_calls++] = *call;
	if (!fuzz_world_is_safe(call) || !fuzz_world_resolve(call, doing.made.args))
		return true;
	doing.made.event = fuzz_log->n_calls;
	doing.made.op = vm_op_of_call(doing.nr, doing.made.args);
	world.context = 0;
	if (doing.nr == FUZZ_FORK)
		return look_in_child(fuzz_log->verdict, size);
	if (doing.nr < -100)
		return true;
	make(&doing);
	fuzz_log->counts.n_steps++;
	return fuzz_judge(&space, how, fuzz_log->verdict, size);
}

static int64_t perform(void *context, struct vm_call *call)
{
	if (call->flags & VM_CALL_PART)
		return call->result;
	call->result = perform_for_real(context, call);
	vm_call_learn(call);
	return call->result;
}

static bool begin(const struct fuzz_setup *setup)
{
	alarm(FUZZ_SECONDS_MAX);
	if (setup->personality != 0 && syscall(SYS_personality, setup->personality) < 0)
		return false;
	way = !setup->by_text && kernel_has_query() ? KERNEL_QUERY : KERNEL_TEXT;
	fuzz_world_make();
	if (vm_space_init(&space, &fuzz_allocator, perform, NULL) != 0)
		return false;
	space.personality = setup->personality;
	space.start_brk = space.brk = world.brk;
	fuzz_judge_start(&space);
	fuzz_again_begin(&space);
	read_back_all(VM_REASON_BASELINE);
	return true;
}

static int finish(bool equal)
{
	struct fuzz_counts *counts = &fuzz_log->counts;

	if (equal)
		equal = fuzz_again(&space, &counts->n_again, fuzz_log->verdict,
				   sizeof(fuzz_log->verdict));
	counts->n_sequences++;
	counts->n_pages += page_counts.n_compared;
	counts->n_unknown += page_counts.n_unknown;
	counts->n_lost += page_counts.n_lost;
	if (equal)
		fuzz_log->verdict[0] = '\0';
	return equal ? STATUS_EQUAL : STATUS_DIFFERS;
}

static int live_random(const struct fuzz_setup *setup, uint64_t seed, uint32_t n)
{
	bool equal = true;

	if (!begin(setup))
		return STATUS_CANT;
	fuzz_seed(seed);
	for (uint32_t i = 1; i <= n && equal; i++) {
		struct fuzz_call call;
		bool thorough = i % SMAPS_EVERY == 0 || i == n;

		fuzz_generate(&call, space.set, setup->n_window);
		equal = do_call(&call, thorough ? JUDGE_ATTRIBUTES : JUDGE_MAPS);
	}
	return finish(equal);
}

static int live_calls(const struct fuzz_setup *setup, const struct fuzz_call *calls, uint32_t n)
{
	bool equal = true;

	if (!begin(setup))
		return STATUS_CANT;
	for (uint32_t i = 0; i < n && equal; i++)
		equal = do_call(&calls[i], JUDGE_ATTRIBUTES);
	return finish(equal);
}

/* ----------------------------------------------------------------- in the parent */

void fuzz_log_make(void)
{
	fuzz_log = mmap(NULL, sizeof(*fuzz_log), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (fuzz_log == MAP_FAILED)
		abort();
}

static void prepare(const struct fuzz_setup *setup)
{
	fuzz_log->setup = *setup;
	fuzz_log->n_calls = 0;
	fuzz_log->verdict[0] = '\0';
}

static enum fuzz_result wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return FUZZ_CANT;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_EQUAL)
		return FUZZ_EQUAL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_CANT)
		return FUZZ_CANT;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != STATUS_DIFFERS)
		snprintf(fuzz_log->verdict, sizeof(fuzz_log->verdict),
			 "the process ended with status %x%s", (unsigned)status,
			 WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? ": it hung" : "");
	return FUZZ_DIFFERS;
}

enum fuzz_result fuzz_run_random(const struct fuzz_setup *setup, uint64_t seed, uint32_t n)
{
	pid_t child;

	prepare(setup);
	child = fork();
	if (child == 0)
		_exit(live_random(setup, seed, n < FUZZ_CALLS_MAX ? n : FUZZ_CALLS_MAX));
	return wait_for(child);
}

/* A copy, because the child writes the log. */
enum fuzz_result fuzz_run_calls(const struct fuzz_setup *setup, const struct fuzz_call *calls,
				uint32_t n)
{
	static struct fuzz_call copy[FUZZ_CALLS_MAX];
	const struct fuzz_setup same = *setup;
	pid_t child;

	if (n > FUZZ_CALLS_MAX)
		n = FUZZ_CALLS_MAX;
	memcpy(copy, calls, n * sizeof(copy[0]));
	prepare(&same);
	child = fork();
	if (child == 0)
		_exit(live_calls(&same, copy, n));
	return wait_for(child);
}
