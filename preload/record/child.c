/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <sys/mman.h>
#include "base/mutation.h"
#include "base/sys.h"
#include "map/baseline.h"
#include "map/map.h"
#include "map/resync.h"
#include "record/child.h"
#include "record/naming.h"
#include "record/recorder_state.h"
#include "record/thread_stack.h"
#include "shim/shim.h"
#include "stacks/stack_table.h"
#include "threads/task.h"
#include "threads/small_stack.h"

/* The copy of the parent's set can't be trusted. */
static bool copy_is_torn;

/*
 * The hook that runs on below us may still write into the record it has begun, which lies
 * in the parent's ledger: from now on it lies nowhere.
 */
static void leave_parents_ledger(void)
{
	struct addr_range ranges[2];
	uint64_t offsets[2];
	unsigned n = ledger_writer_ranges(&shim.writer, ranges, offsets);

	for (unsigned i = 0; i < n; i++)
		sys_mmap(ranges[i].start, ranges[i].end - ranges[i].start, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* What a fork child finds of the parent's set in its copy of the memory. */
enum copy {
	COPY_WHOLE,
	COPY_TORN, /* another thread may have been changing it */
	/* A signal handler forked, on top of a hook: it goes on in the child, and has the lock. */
	COPY_RUNNING,
};

/* The child's only thread has another id, and nothing is pending. */
static enum copy restart(void)
{
	uint64_t state = lock_state(&recorder.lock);
	bool mine = lock_owner(state) == lock_id(task_tid());

	task_forget();
	thread_stack_forget(task_self());
	recorder.late = (struct late_calls){ 0 };
	if (mine && !lock_in_kernel(state)) {
		lock_rename_owner(&recorder.lock, task_self());
		return COPY_RUNNING;
	}
	recorder.lock = (struct shim_lock){ 0 };
	recorder.replaying = false;
	return mine ? COPY_WHOLE : COPY_TORN;
}

static void notice(void)
{
	enum copy copy = restart();

	small_stack_forget();
	copy_is_torn = copy != COPY_WHOLE;
	if (copy == COPY_RUNNING && !shim.confined)
		leave_parents_ledger();
	shim.child = true;
	shim.live = shim.live && !shim.confined && shim.options.follow != OPTION_FOLLOW_NONE;
	*shim.fork_mark = 1;
}

/* A handler may be here, too, before us or on top of us. */
void child_notice(void)
{
	uint64_t mask = shim_block_signals();

	if (*shim.fork_mark == 0)
		notice();
	shim_restore_signals(mask);
}

/* The child's history begins here: numbers of events are its own. */
static bool make_baseline(struct memory_area *area, void *context)
{
	(void)context;
	area->flags = (area->flags & ~VM_SOURCE) | VM_BASELINE;
	area->origin = 0;
	area->tag[VM_TAG_CHANGED] = 0;
	return true;
}

static int read_inherited(void)
{
	if (copy_is_torn) {
		int error = map_begin_anew();

		map.space.new_flags = 0;
		return error < 0 ? error : baseline_read();
	}
	/* What the kernel did not let the child inherit is missing there, and goes. */
	if (!ML_MUTATED(CHILD_HAS_ALL))
		resync_range(MEMORY_SET_ALL, VM_REASON_BASELINE, 0);
	memory_set_reserve(map.space.set, MEMORY_SET_MAX_GROWTH);
	memory_set_update(map.space.set, VM_ALL_PAGES, make_baseline, NULL);
	vm_space_inherit(&map.space);
	return 0;
}

/* In the parent's ledger, for whoever looks for the child's. */
static void tell_parent(struct ledger_header *header, int error)
{
	if (header == NULL)
		return;
	header->child_error = error;
	__atomic_fetch_add(&header->n_children_lost, 1, __ATOMIC_RELAXED);
}

static void begin(void)
{
	struct ledger_writer parents = shim.writer;
	struct ledger_writer own;
	int error;

	shim.pid = (uint32_t)sys_getpid();
	__atomic_store_n(&shim.child, false, __ATOMIC_RELEASE);
	map.unread = false;
	shim.n_bypassed = shim.n_deferred = shim.n_resyncs = 0;
	map.space.brk = (uint64_t)sys_call6(SYS_brk, 0, 0, 0, 0, 0, 0);
	shim.writer = (struct ledger_writer){ 0 };
	error = naming_create_ledger(LEDGER_LINK_FORK,
				     parents.header != NULL ? parents.header->id : NULL,
				     parents.n_events);
	own = shim.writer;
	/* What is read now is the baseline, which is written as a whole. */
	shim.writer = (struct ledger_writer){ 0 };
	if (error < 0)
		tell_parent(parents.header, error);
	ledger_writer_close(&parents);
	if (read_inherited() < 0)
		shim.live = false;
	shim.writer = own;
	if (error < 0 || !shim.live)
		return;
	stack_table_new_ledger();
	naming_write_start();
}

void child_begin(void)
{
	uint64_t mask = shim_block_signals();

	begin();
	shim_restore_signals(mask);
}
