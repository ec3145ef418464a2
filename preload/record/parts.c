/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/prctl.h>
#include <sys/uio.h>
#include "base/sys.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/resync.h"
#include "record/parts.h"
#include "record/call_record.h"
#include "shim/shim.h"
#include "vma/vm_advice.h"
#include "vma/vm_apply.h"
#include "vma/vm_apply_advice.h"

/* The kernel takes no more (UIO_MAXIOV). */
#define VECTOR_MAX 1024
#define BATCH	   64

static void record_part(const struct vm_call *whole, struct vm_call *part)
{
	struct ledger_call *record = NULL;
	struct vm_doubts doubts;

	part->tier = whole->tier;
	part->flags = VM_CALL_PART | whole->flags;
	part->tid = whole->tid;
	part->ticks = whole->ticks;
	part->stack = whole->stack;
	vm_space_reserve(&map.space, VM_APPLY_GROWTH);
	own_memory_update();
	if (ledger_writer_room(&shim.writer, 1))
		record = ledger_writer_begin_call(&shim.writer, part);
	if (record != NULL) {
		record->result = part->result;
		ledger_writer_done(&shim.writer, record);
	}
	call_record_apply_made(part, &doubts);
}

/* Another thread may have unmapped it by now, so it is the kernel that reads. */
static bool read_memory(uint64_t addr, void *to, size_t size)
{
	return !shim.confined && sys_read_own(addr, to, size);
}

/* -------------------------------------------------------------- process_madvise */

/* Some of the elements, guarded by the recorder's lock. */
static struct iovec vector[BATCH];

/*
 * The element at which the call stopped was advised in part: past gaps to its end, or up
 * to an area that refused. The result says how many bytes went well before, not which.
 */
static int64_t why_stopped(const struct vm_call *whole, const struct iovec *element)
{
	uint64_t start = (uintptr_t)element->iov_base;
	struct addr_range range = { start, start + vm_page_up(element->iov_len) };

	if (vm_call_failed(whole))
		return whole->result;
	return vm_advice_error(&map.space, range, (uint32_t)whole->args[3]);
}

/* Returns whether the elements after this one were advised, too. */
static bool record_element(const struct vm_call *whole, const struct iovec *element, uint64_t *left)
{
	struct vm_call part = {
		.op = VM_OP_MADVISE,
		.args = { (uintptr_t)element->iov_base, element->iov_len, whole->args[3] },
	};
	bool done = *left >= element->iov_len;

	resync_before(&part);
	if (done)
		*left -= element->iov_len;
	else
		part.result = why_stopped(whole, element);
	record_part(whole, &part);
	return done;
}

/*
 * Advice with an effect on the map is taken of the process itself alone (Linux 6.13).
 * Of others there is nothing to be said.
 */
static void record_vector(const struct vm_call *whole)
{
	uint64_t left = vm_call_failed(whole) ? 0 : (uint64_t)whole->result;
	uint64_t addr = whole->args[1];
	uint64_t n = whole->args[2];
	bool more = vm_advice_has_effect((uint32_t)whole->args[3]) && n <= VECTOR_MAX;

	while (more && n > 0) {
		size_t batch = n < BATCH ? (size_t)n : BATCH;

		more = read_memory(addr, vector, batch * sizeof(vector[0]));
		for (size_t i = 0; i < batch && more; i++)
			more = record_element(whole, &vector[i], &left);
		addr += batch * sizeof(vector[0]);
		n -= batch;
	}
}

/* ---------------------------------------------------------------- PR_SET_MM_MAP */

static void record_limit(const struct vm_call *whole, uint64_t which, uint64_t value)
{
	struct vm_call part = { .op = VM_OP_PRCTL, .args = { PR_SET_MM, which, value } };

	record_part(whole, &part);
}

static void record_limits(const struct vm_call *whole)
{
	struct prctl_mm_map limits;

	if (vm_call_failed(whole) || whole->args[0] != PR_SET_MM ||
	    whole->args[1] != PR_SET_MM_MAP ||
	    !read_memory(whole->args[2], &limits, sizeof(limits)))
		return;
	record_limit(whole, PR_SET_MM_START_BRK, limits.start_brk);
	record_limit(whole, PR_SET_MM_BRK, limits.brk);
	record_limit(whole, PR_SET_MM_START_STACK, limits.start_stack);
}

void parts_record(const struct vm_call *call)
{
	if (call->op == VM_OP_PROCESS_MADVISE)
		record_vector(call);
	else
		record_limits(call);
}
