/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What calls do to the pages of the model: mmap(2) and the others, page by page
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "fuzz_call.h"
#include "page_model_private.h"
#include "vma/vm_abi.h"

#define HUGE_SIZE (2ULL << 20)

/* The same as in fuzz_call.c. */
#ifdef SYS_arch_prctl
#define NR_ARCH_PRCTL SYS_arch_prctl
#else
#define NR_ARCH_PRCTL (-100)
#endif

/* Larger than all that can have been mapped: then a length is a senseless one. */
#define SIZE_MAX_ (1ULL << 36)

static bool failed(const struct page_call *call)
{
	return (uint64_t)call->result > (uint64_t)-4096;
}

/* Pages [first, end) by number. */
struct span {
	uint64_t first;
	uint64_t end;
};

/* Of a range that starts at a page; empty when it does not, or makes no sense. */
static struct span span_of(uint64_t addr, uint64_t len)
{
	uint64_t size = page_round_up(len, PAGE_SIZE_);
	struct span span = { addr >> PAGE_SHIFT, addr >> PAGE_SHIFT };

	if ((addr & (PAGE_SIZE_ - 1)) == 0 && size < SIZE_MAX_ && addr + size > addr)
		span.end += size >> PAGE_SHIFT;
	return span;
}

/* -------------------------------------------------------------- pages at large */

static void make_unknown(struct span span)
{
	for (uint64_t number = span.first; number < span.end; number++)
		page_model_page(number)->state = PAGE_UNKNOWN;
}

static void make_gap(struct span span)
{
	for (uint64_t number = span.first; number < span.end; number++)
		*page_model_page(number) = (struct page){ 0 };
}

static void put_run(struct span span, struct page page)
{
	for (uint64_t number = span.first; number < span.end; number++) {
		*page_model_page(number) = page;
		page.offset += page.object != 0;
	}
}

static struct page next_of(struct page page, uint64_t n)
{
	page.offset += page.object != 0 ? n : 0;
	return page;
}

static bool is_mapped(uint64_t number)
{
	return page_model_page(number)->state == PAGE_MAPPED;
}

static bool has_attribute(struct span span, uint16_t attribute)
{
	for (uint64_t number = span.first; number < span.end; number++)
		if (page_model_page(number)->attributes & attribute)
			return true;
	return false;
}

/* READ_IMPLIES_EXEC. */
static uint8_t prot_for(const struct page *page, uint64_t prot)
{
	bool implied = page_model.read_implies_exec && (prot & PROT_READ) &&
		       !(page->attributes & PAGE_NOEXEC);

	return (uint8_t)((prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) | (implied ? PROT_EXEC : 0));
}

/* ------------------------------------------------------------------------- mmap */

static const struct page_file *file_of(int fd, uint16_t *object)
{
	for (unsigned i = 0; i < page_model.n_files; i++)
		if (page_model.files[i].fd == fd) {
			*object = page_model.file_objects[i];
			return &page_model.files[i];
		}
	return NULL;
}

static bool is_shared(uint64_t map_flags)
{
	return (map_flags & MAP_TYPE) == MAP_SHARED ||
	       (map_flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
}

static void show_file(struct page *page, const struct page_call *call)
{
	bool shared = page->attributes & PAGE_SHARED;
	const struct page_file *file = file_of((int)call->args[4], &page->object);

	page->offset = call->args[5] >> PAGE_SHIFT;
	if (file == NULL) {
		page->state = PAGE_UNKNOWN;
		return;
	}
	page->attributes |= file->noexec ? PAGE_NOEXEC : 0;
	page->attributes |= file->readonly && shared ? PAGE_READONLY : 0;
	if (file->kind != PAGE_FILE_ZERO)
		return;
	if (shared)
		page->object = page_model_new_object();
	else
		page->attributes |= PAGE_ZERO_FILE;
}

static struct page mapped_page(const struct page_call *call)
{
	uint64_t map_flags = call->args[3];
	struct page page = { .state = PAGE_MAPPED };

	page.attributes |= is_shared(map_flags) ? PAGE_SHARED : 0;
	page.attributes |= map_flags & MAP_GROWSDOWN ? PAGE_GROWSDOWN : 0;
	page.attributes |= map_flags & MAP_HUGETLB ? PAGE_HUGE : 0;
	/* It is wiped in children, and says so. */
	if ((map_flags & MAP_TYPE) == MAP_DROPPABLE)
		page.attributes |= PAGE_DROPPABLE | PAGE_WIPEONFORK;
	if (!(map_flags & MAP_ANONYMOUS))
		show_file(&page, call);
	else if (is_shared(map_flags) || (map_flags & MAP_HUGETLB))
		page.object = page_model_new_object();
	page.prot = prot_for(&page, call->args[2]);
	return page;
}

static void call_mmap(const struct page_call *call)
{
	uint64_t map_flags = call->args[3];
	uint64_t unit = map_flags & MAP_HUGETLB ? HUGE_SIZE : PAGE_SIZE_;
	uint64_t size = page_round_up(call->args[1], unit);
	struct page page;

	if (!failed(call)) {
		page = mapped_page(call);
		put_run(span_of((uint64_t)call->result, size), page);
		return;
	}
	if (!(map_flags & MAP_FIXED) || (map_flags & MAP_FIXED_NOREPLACE))
		return;
	/* Found before anything was unmapped. */
	if (call->result == -EBADF || call->result == -EEXIST || (call->args[5] & (PAGE_SIZE_ - 1)))
		return;
	make_unknown(span_of(call->args[0], size));
}

static void call_munmap(const struct page_call *call)
{
	struct span span = span_of(call->args[0], call->args[1]);

	if (failed(call))
		return;
	/* Huge pages come and go whole, and other lengths are refused. */
	make_gap(span);
}

/* --------------------------------------------------------------------- mprotect */

/* May this page be made so? The kernel asks area by area, and these are of one area each. */
static bool may_protect(const struct page *page, uint64_t prot)
{
	if (page->state != PAGE_MAPPED || (page->attributes & PAGE_SEALED))
		return false;
	if ((prot & PROT_EXEC) && (page->attributes & PAGE_NOEXEC))
		return false;
	return !((prot & PROT_WRITE) && (page->attributes & PAGE_READONLY));
}

/*
 * With PROT_GROWSDOWN the change begins where the area begins, which pages don't
 * tell when their neighbours are like them.
 */
static void protect_down(const struct page_call *call, struct span span)
{
	while (span.end > span.first && !is_mapped(span.first) &&
	       page_model_page(span.first)->state != PAGE_UNKNOWN)
		span.first++;
	while (page_model_page(span.first - 1)->attributes & PAGE_GROWSDOWN)
		span.first--;
	if (call->result != -EINVAL || has_attribute(span, PAGE_HUGE | PAGE_SPECIAL))
		make_unknown(span);
}

static void protect_span(const struct page_call *call, struct span span)
{
	uint64_t prot = call->args[2];

	/* A huge page or a special mapping can't be cut; found out on the way. */
	if (call->result == -EINVAL) {
		if (has_attribute(span, PAGE_HUGE | PAGE_SPECIAL))
			make_unknown(span);
		return;
	}
	for (uint64_t number = span.first; number < span.end; number++) {
		struct page *page = page_model_page(number);

		if (page->state == PAGE_UNKNOWN)
			continue;
		if (failed(call) && !may_protect(page, prot))
			return;
		/* Writable private memory of /dev/zero and files may have to be accounted: ENOMEM.
		 */
		page->prot = prot_for(page, prot);
	}
}

static void call_mprotect(const struct page_call *call)
{
	struct span span = span_of(call->args[0], call->args[1]);
	uint64_t known = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN | 8 /* PROT_SEM */;

	if (span.first == span.end || (call->args[2] & ~known) != 0)
		return;
	if (call->args[2] & PROT_GROWSDOWN)
		protect_down(call, span);
	else
		protect_span(call, span);
}

/* ----------------------------------------------------------------------- mremap */

struct moving {
	struct span from;
	struct span to;
	uint64_t flags;
};

/* How private /dev/zero is numbered after a move depends on whether it was touched. */
static struct page moved(struct page page)
{
	if (page.attributes & PAGE_ZERO_FILE)
		page.attributes |= PAGE_LOST_OFFSET;
	return page;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Pages that are new at the end of an area have no guards. */
static void extend(struct span span)
{
	struct page last = *page_model_page(span.first - 1);

	last.attributes &= (uint16_t)~PAGE_GUARD;
	put_run(span, next_of(last, 1));
}

/* Gaps of the source leave the destination as it is. */
static void move_pages(const struct moving *moving, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct page *from = page_model_page(moving->from.first + i);
		struct page *to = page_model_page(moving->to.first + i);

		if (from->state == PAGE_GAP)
			continue;
		*to = moved(*from);
		if (moving->flags & MREMAP_DONTUNMAP)
			from->attributes &= (uint16_t)~PAGE_GUARD;
		else
			*from = (struct page){ 0 };
	}
}

static void move(const struct moving *moving)
{
	uint64_t n_from = moving->from.end - moving->from.first;
	uint64_t n_to = moving->to.end - moving->to.first;
	uint64_t n = least(n_from, n_to);
	bool keeps_others = n_from == n_to && page_model.moves_many;

	if (!keeps_others)
		make_gap(moving->to);
	move_pages(moving, n);
	if (n_to > n)
		extend((struct span){ moving->to.first + n, moving->to.end });
	if (!(moving->flags & MREMAP_DONTUNMAP))
		make_gap(moving->from);
}

/* The ring of an aio context is where its mapping was moved to last. */
static void move_rings(const struct moving *moving, const uint16_t objects[PAGE_RINGS_MAX])
{
	for (unsigned i = 0; i < page_model.n_rings; i++)
		if (objects[i] != 0)
			page_model.rings[i].at = moving->to.first;
}

static void duplicate(const struct moving *moving)
{
	struct page page = *page_model_page(moving->from.first);

	page.attributes &= (uint16_t)~PAGE_GUARD;
	put_run(moving->to, page);
}

static void remap(const struct moving *moving)
{
	struct span from = moving->from, to = moving->to;

	if (from.first == from.end)
		duplicate(moving);
	else if (from.first != to.first)
		move(moving);
	else if (to.end < from.end)
		make_gap((struct span){ to.end, from.end });
	else if (to.end > from.end)
		extend((struct span){ from.end, to.end });
}

static void remap_failed(const struct page_call *call, const struct moving *moving)
{
	if (page_model.moves_many && !(moving->flags & MREMAP_FIXED))
		return;
	make_unknown(moving->from);
	if (moving->flags & MREMAP_FIXED)
		make_unknown(
			span_of(call->args[4], (moving->to.end - moving->to.first) << PAGE_SHIFT));
}

/* Of many areas that move, the last one does so in whole huge pages. */
static void round_last(struct moving *moving)
{
	uint64_t n = moving->from.end - moving->from.first;
	uint64_t end = page_round_up(moving->from.end << PAGE_SHIFT, HUGE_SIZE) >> PAGE_SHIFT;

	if (n == 0 || n != moving->to.end - moving->to.first || !(moving->flags & MREMAP_FIXED) ||
	    !(page_model_page(moving->from.end - 1)->attributes & PAGE_HUGE))
		return;
	moving->to.end += end - moving->from.end;
	moving->from.end = end;
}

static void call_mremap(const struct page_call *call)
{
	const uint64_t *args = call->args;
	bool huge = page_model_page(args[0] >> PAGE_SHIFT)->attributes & PAGE_HUGE;
	uint64_t unit = huge ? HUGE_SIZE : PAGE_SIZE_;
	struct moving moving = {
		.from = span_of(args[0], page_round_up(args[1], unit)),
		.to = span_of(failed(call) ? args[0] : (uint64_t)call->result,
			      page_round_up(args[2], unit)),
		.flags = args[3],
	};
	uint16_t in_ring[PAGE_RINGS_MAX] = { 0 };

	round_last(&moving);
	for (unsigned i = 0; i < page_model.n_rings; i++)
		in_ring[i] =
			page_model_page(moving.from.first)->object == page_model.rings[i].object
				? page_model.rings[i].object
				: 0;
	if (failed(call)) {
		remap_failed(call, &moving);
		return;
	}
	remap(&moving);
	if (moving.from.first != moving.to.first && moving.from.first != moving.from.end)
		move_rings(&moving, in_ring);
}

/* -------------------------------------------------------------------------- brk */

static void call_brk(const struct page_call *call)
{
	uint64_t old_end = page_round_up(page_model.brk, PAGE_SIZE_) >> PAGE_SHIFT;
	uint64_t new_end = page_round_up((uint64_t)call->result, PAGE_SIZE_) >> PAGE_SHIFT;
	struct page page = { .state = PAGE_MAPPED };

	page.prot = prot_for(&page, PROT_READ | PROT_WRITE);
	if (new_end > old_end)
		put_run((struct span){ old_end, new_end }, page);
	else
		make_gap((struct span){ new_end, old_end });
	page_model.brk = (uint64_t)call->result;
}

/* ---------------------------------------------------------------- System V memory */

static void call_shmat(const struct page_call *call)
{
	uint64_t shm_flags = call->args[2];
	uint64_t prot = PROT_READ | (shm_flags & VM_SHM_RDONLY ? 0 : PROT_WRITE) |
			(shm_flags & VM_SHM_EXEC ? PROT_EXEC : 0);
	struct page page = { .state = PAGE_MAPPED, .attributes = PAGE_SHARED };

	if (failed(call))
		return;
	page.attributes |= shm_flags & VM_SHM_RDONLY ? PAGE_READONLY : 0;
	page.prot = prot_for(&page, prot);
	page.attachment = ++page_model.n_attachments;
	for (unsigned i = 0; i < page_model.n_segments; i++)
		if (page_model.segments[i].id == (int)call->args[0]) {
			page.object = page_model.segments[i].object;
			put_run(span_of((uint64_t)call->result, page_model.segments[i].size), page);
		}
}

static const struct page_segment *segment_of(const struct page *page)
{
	for (unsigned i = 0; i < page_model.n_segments; i++)
		if (page->state != PAGE_GAP && page_model.segments[i].object == page->object)
			return &page_model.segments[i];
	return NULL;
}

/* Is this page where it would be in a segment attached at @start? */
static bool is_in_place(const struct page *page, uint64_t start, uint64_t number)
{
	return page->state == PAGE_UNKNOWN ||
	       (segment_of(page) != NULL && page->offset == number - start);
}

/*
 * The first page in its place tells the attachment. Its others go that are in place
 * and within the segment's size; whole areas go, so what was made larger by mremap
 * is not for pages to tell, and neither is which attachment a page is of that was
 * last seen when the kernel was asked.
 */
static void call_shmdt(const struct page_call *call)
{
	uint64_t start = call->args[0] >> PAGE_SHIFT;
	const uint64_t n_scanned = 4096; /* larger than the zone */
	uint64_t number = start;
	const struct page_segment *segment;
	struct page first;

	if (failed(call))
		return;
	while (number < start + n_scanned && !is_in_place(page_model_page(number), start, number))
		number++;
	if (number == start + n_scanned)
		return;
	first = *page_model_page(number);
	segment = segment_of(&first);
	for (; number < start + n_scanned; number++) {
		struct page *page = page_model_page(number);
		bool within = segment != NULL && number - start < segment->size >> PAGE_SHIFT;

		if (!is_in_place(page, start, number) || page->object != first.object)
			continue;
		if (page->attachment == PAGE_ANY_ATTACHMENT ||
		    first.attachment == PAGE_ANY_ATTACHMENT || !within)
			page->state = PAGE_UNKNOWN;
		else if (page->attachment == first.attachment && !(page->attributes & PAGE_SEALED))
			*page = (struct page){ 0 };
	}
	/* An area that goes on beyond the segment's end stays, unless it was the first. */
	if (segment != NULL) {
		uint64_t last = start + (segment->size >> PAGE_SHIFT);

		if (page_model_page(last)->state == PAGE_UNKNOWN)
			make_unknown((struct span){ start, last });
	}
}

/* ------------------------------------------------------------- remap_file_pages */

static void call_remap_file_pages(const struct page_call *call)
{
	uint64_t start = call->args[0] & ~(PAGE_SIZE_ - 1);
	struct span span = span_of(start, call->args[1] & ~(PAGE_SIZE_ - 1));
	struct page page;

	if (span.first == span.end)
		return;
	if (failed(call)) {
		if (call->result != -EINVAL || has_attribute(span, PAGE_HUGE))
			make_unknown(span);
		return;
	}
	page = *page_model_page(span.first);
	page.offset = call->args[3];
	page.attributes &= PAGE_SHARED | PAGE_READONLY | PAGE_NOEXEC | PAGE_ZERO_FILE;
	page.prot = prot_for(&page, page.prot);
	put_run(span, page);
}

/* ---------------------------------------------------------------------- madvise */

struct advice {
	uint64_t advice;
	uint16_t set;
	uint16_t clear;
};

static const struct advice advices[] = {
	{ MADV_DONTFORK, PAGE_DONTFORK, 0 },	 { MADV_DOFORK, 0, PAGE_DONTFORK },
	{ MADV_WIPEONFORK, PAGE_WIPEONFORK, 0 }, { MADV_KEEPONFORK, 0, PAGE_WIPEONFORK },
	{ MADV_GUARD_INSTALL, PAGE_GUARD, 0 },	 { MADV_GUARD_REMOVE, 0, PAGE_GUARD },
};

/* Does the kernel stop at this page, saying EINVAL? Only what pages can tell. */
static bool refuses(const struct page *page, uint64_t advice)
{
	if (advice == MADV_KEEPONFORK)
		return page->attributes & PAGE_DROPPABLE;
	if (advice != MADV_WIPEONFORK)
		return false;
	if (page->attributes & PAGE_SHARED)
		return true;
	/* The vdso has a name, and is no file. */
	return page->object != 0 && !(page->attributes & PAGE_SPECIAL);
}

/* Mostly it does not stop here; whether it did, when the call failed, is not for pages to say. */
static bool may_refuse(const struct page *page)
{
	return page->attributes & (PAGE_SEALED | PAGE_SPECIAL | PAGE_HUGE);
}

/* Stops at what refuses it; goes on behind gaps, and complains in the end. */
static void advise(const struct advice *advice, struct span span, bool refused)
{
	bool guards = (advice->set | advice->clear) & PAGE_GUARD;
	bool lost = refused && guards;

	for (uint64_t number = span.first; number < span.end; number++) {
		struct page *page = page_model_page(number);

		if (page->state != PAGE_MAPPED)
			continue;
		if (refused && refuses(page, advice->advice))
			return;
		lost |= refused && may_refuse(page);
		page->attributes &= (uint16_t)~advice->clear;
		page->attributes |= advice->set;
		if (lost)
			page->attributes |= guards ? PAGE_LOST_GUARD : PAGE_LOST;
	}
}

static void advise_range(uint64_t addr, uint64_t len, uint64_t value, int64_t result)
{
	for (unsigned i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].advice == value)
			advise(&advices[i], span_of(addr, len), result < 0 && result != -ENOMEM);
}

static void call_madvise(const struct page_call *call)
{
	advise_range(call->args[0], call->args[1], (uint32_t)call->args[2], call->result);
}

/*
 * The result is how many bytes were advised before an element that failed, which
 * may have been advised in part; an error when that was the first.
 */
static void call_process_madvise(const struct page_call *call)
{
	uint64_t done = failed(call) ? 0 : (uint64_t)call->result;
	uint64_t advice = (uint32_t)call->args[3];

	for (unsigned i = 0; i < call->n_vector && i < call->args[2]; i++) {
		uint64_t addr = call->vector[2 * i], len = call->vector[2 * i + 1];
		bool complete = done >= len; /* an empty one also when the call failed */

		advise_range(addr, len, advice, complete ? 0 : -EINVAL);
		if (!complete) {
			/* Which error it met is not said, and an odd result may be a partial
			 * element. */
			for (uint64_t n = span_of(addr, len).first; n < span_of(addr, len).end; n++)
				page_model_page(n)->attributes |= PAGE_LOST | PAGE_LOST_GUARD;
			return;
		}
		done -= len;
	}
}

/* -------------------------------------------------------------------- the others */

static void call_mseal(const struct page_call *call)
{
	struct span span = span_of(call->args[0], call->args[1]);

	/* A gap is looked for first; what can't be split is met on the way. */
	if (failed(call) && !(call->result == -EINVAL && call->args[2] == 0))
		return;
	for (uint64_t number = span.first; number < span.end; number++)
		page_model_page(number)->attributes |= failed(call) ? PAGE_LOST : PAGE_SEALED;
}

static void forget_ring(unsigned i)
{
	struct page_ring *ring = &page_model.rings[i];

	memmove(ring, ring + 1, (--page_model.n_rings - i) * sizeof(*ring));
}

/* The kernel decides how large a ring is; the line it starts is new, so all of it is ours. */
static void call_io_setup(const struct page_call *call)
{
	struct page page = { .state = PAGE_MAPPED,
			     .prot = PROT_READ | PROT_WRITE,
			     .attributes = PAGE_SHARED | PAGE_SPECIAL | PAGE_NOEXEC | PAGE_LOST };
	struct page_ring *ring = &page_model.rings[page_model.n_rings];

	if (failed(call))
		return;
	/* The oldest is forgotten, and may be where others are taken to be. */
	if (page_model.n_rings == PAGE_RINGS_MAX) {
		page_model.ring_forgotten = true;
		forget_ring(0);
		ring--;
	}
	page.object = page_model_new_object();
	*ring = (struct page_ring){ call->made_at >> PAGE_SHIFT, call->vector[0], page.object };
	page_model.n_rings++;
	put_run((struct span){ ring->at, ring->at + ring->n_pages }, page);
}

/*
 * A page fault below a stack: the area above comes down to it. When the fault then
 * fails for its protection, that has happened all the same.
 */
static void call_touch(const struct page_call *call)
{
	uint64_t number = call->args[0] >> PAGE_SHIFT;
	uint64_t next = number;

	if (page_model_page(number)->state != PAGE_GAP)
		return;
	while (next < number + 8192 && page_model_page(next)->state == PAGE_GAP)
		next++;
	if (!(page_model_page(next)->attributes & PAGE_GROWSDOWN) || !is_mapped(next))
		return;
	if (failed(call))
		make_unknown((struct span){ number, next });
	else {
		struct page page = *page_model_page(next);

		page.attributes &= (uint16_t)~PAGE_GUARD;
		put_run((struct span){ number, next }, page);
	}
}

static unsigned n_rings_at(uint64_t number)
{
	unsigned n = 0;

	for (unsigned i = 0; i < page_model.n_rings; i++)
		n += page_model.rings[i].at == number;
	return n;
}

/* May something in @span be sealed, or not be split? Then nothing of it goes, without a word. */
static bool may_stay(struct span span, uint16_t ring)
{
	for (uint64_t number = span.first; number < span.end; number++) {
		const struct page *page = page_model_page(number);

		if ((page->attributes & (PAGE_SEALED | PAGE_HUGE)) ||
		    ((page->attributes & PAGE_SPECIAL) && page->object != ring))
			return true;
	}
	return false;
}

/*
 * Unmaps where the ring is thought to be, and all that has been put there since. Of
 * two that are thought to be in one place, the number in the memory there tells which.
 */
static void call_io_destroy(const struct page_call *call)
{
	uint64_t number = call->args[0] >> PAGE_SHIFT;
	const unsigned n_at_most = 64;
	bool is_known = n_rings_at(number) == 1 && !page_model.ring_forgotten;

	/* The kernel looks there for the ring's number first. */
	if (failed(call)) {
		call_touch(call);
		return;
	}
	if (!is_known)
		make_unknown((struct span){ number, number + n_at_most });
	for (unsigned i = page_model.n_rings; is_known && i-- > 0;)
		if (page_model.rings[i].at == number) {
			struct span span = { number, number + page_model.rings[i].n_pages };

			if (may_stay(span, page_model.rings[i].object))
				make_unknown(span);
			else
				make_gap(span);
			forget_ring(i);
		}
}

static void call_personality(const struct page_call *call)
{
	if (!failed(call) && (uint32_t)call->args[0] != UINT32_MAX)
		page_model.read_implies_exec = call->args[0] & READ_IMPLIES_EXEC;
}

static void call_arch_prctl(const struct page_call *call)
{
	if (!failed(call) && call->made_at != 0)
		make_unknown(span_of(call->made_at, call->vector[0]));
}

/* ------------------------------------------------------------------------- table */

static const struct {
	long nr;
	void (*apply)(const struct page_call *call);
} calls[] = {
	{ SYS_mmap, call_mmap },
	{ SYS_munmap, call_munmap },
	{ SYS_mprotect, call_mprotect },
	{ SYS_pkey_mprotect, call_mprotect },
	{ SYS_mremap, call_mremap },
	{ SYS_brk, call_brk },
	{ SYS_shmat, call_shmat },
	{ SYS_shmdt, call_shmdt },
	{ SYS_remap_file_pages, call_remap_file_pages },
	{ SYS_madvise, call_madvise },
	{ 440 /* process_madvise */, call_process_madvise },
	{ 462 /* mseal */, call_mseal },
	{ SYS_io_setup, call_io_setup },
	{ SYS_io_destroy, call_io_destroy },
	{ NR_ARCH_PRCTL, call_arch_prctl },
	{ SYS_personality, call_personality },
	{ FUZZ_TOUCH, call_touch },
};

void page_model_call(const struct page_call *call)
{
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == call->nr)
			calls[i].apply(call);
}
