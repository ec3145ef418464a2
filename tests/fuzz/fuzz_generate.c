/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/mman.h>
#include "fuzz_generate.h"
#include "fuzz_world.h"
#include "page_model.h"
#include "vma/vm_abi.h"
#include "vma/vm_call.h"
#include "vma/vm_flags.h"

#define PAGE FUZZ_PAGE

enum { MAX_PAGES = 16, ARCH_MAP_VDSO_64 = 0x2003, PR_SET_VMA_ = 0x53564d41 };

uint64_t fuzz_random_state = 1;

static const struct memory_set *set;
static unsigned n_window;
static unsigned next_slot;

/* -------------------------------------------------------------- random arguments */

static struct fuzz_value any_in_slot(void)
{
	unsigned slot = (unsigned)below(FUZZ_SLOTS);

	if (world.slot_size[slot] == 0)
		return fuzz_at(FUZZ_ZONE, below(n_window) * PAGE);
	return fuzz_at(FUZZ_R0 + slot, below(vm_page_up(world.slot_size[slot]) / PAGE) * PAGE);
}

static struct fuzz_value any_page(void)
{
	if (one_in(12))
		return fuzz_at(FUZZ_HEAP, below(FUZZ_HEAP_PAGES) * PAGE);
	if (one_in(24))
		return any_in_slot();
	return fuzz_at(FUZZ_ZONE, below(n_window) * PAGE);
}

static uint64_t address_of(struct fuzz_value value)
{
	return world.base[value.base] + value.offset;
}

/* Mostly where something is: calls on nothing mostly fail, and teach little. */
static struct fuzz_value any_mapped_page(void)
{
	struct fuzz_value page = any_page();
	uint64_t addr = address_of(page);
	const struct memory_area *area = memory_set_find_from(set, addr);

	if (area == NULL || area->range.start > addr + 4 * PAGE || one_in(6))
		return page;
	if (area->range.start > addr || one_in(2))
		page.offset += area->range.start - addr;
	return page;
}

static struct fuzz_value bent(struct fuzz_value page)
{
	page.offset += one_in(40) ? 1 + below(PAGE - 1) : 0;
	return page;
}

static struct fuzz_value any_addr(void)
{
	return bent(any_page());
}

static struct fuzz_value any_mapped_addr(void)
{
	return bent(any_mapped_page());
}

static struct fuzz_value any_len(void)
{
	if (one_in(120))
		return fuzz_number(one_in(2) ? 0 : UINT64_MAX - below(2 * PAGE));
	return fuzz_number((1 + below(one_in(4) ? MAX_PAGES : 4)) * PAGE -
			   (one_in(3) ? below(PAGE) : 0));
}

static struct fuzz_value any_prot(void)
{
	return fuzz_number(one_in(4) ? PROT_READ | PROT_WRITE : below(8));
}

/* For what the kernel may put where it likes. */
static int8_t any_slot(void)
{
	return (int8_t)(next_slot++ % FUZZ_SLOTS);
}

/* ------------------------------------------------------------------------- mmap */

static void anonymous(struct fuzz_call *call)
{
	uint64_t *map_flags = &call->args[3].offset;

	*map_flags |= MAP_ANONYMOUS;
	call->args[5] = fuzz_number(one_in(8) ? below(20) * PAGE : 0);
	if (one_in(6) && !(*map_flags & MAP_SHARED))
		*map_flags |= MAP_GROWSDOWN;
}

static void backing(struct fuzz_call *call)
{
	static const uint8_t good[] = { FUZZ_FILE, FUZZ_READONLY, FUZZ_ZERO, FUZZ_MEMFD };
	static const uint64_t types[] = { MAP_SHARED,  MAP_SHARED,  MAP_PRIVATE,
					  MAP_PRIVATE, MAP_PRIVATE, MAP_PRIVATE };
	static const uint64_t rare[] = { MAP_SHARED_VALIDATE, MAP_DROPPABLE, 0 };

	call->args[3].offset |= one_in(30) ? rare[below(3)] : types[below(6)];
	call->args[4] = fuzz_number(UINT64_MAX);
	if (one_in(2)) {
		anonymous(call);
		return;
	}
	call->args[4] = fuzz_at(one_in(20) ? FUZZ_SOCKET : good[below(4)], 0);
	if (one_in(40))
		call->args[4] = fuzz_number(1000); /* no such descriptor */
	call->args[5] = fuzz_number(below(FUZZ_FILE_PAGES) * PAGE + (one_in(50) ? 8 : 0));
}

/* Reserving nothing, so that no huge page need exist. */
static void huge_mmap(struct fuzz_call *call)
{
	call->args[0] = fuzz_at(FUZZ_ZONE, 0);
	call->args[1] = fuzz_number(1 + below(2 << 20));
	call->args[3] = fuzz_number((uint64_t)(MAP_FIXED | MAP_ANONYMOUS | MAP_HUGETLB) |
				    (one_in(2) ? MAP_SHARED : MAP_PRIVATE) |
				    (one_in(3) ? 0 : MAP_NORESERVE));
	call->args[4] = fuzz_number(UINT64_MAX);
	call->args[5] = fuzz_number(0);
}

static void any_mmap(struct fuzz_call *call)
{
	static const uint64_t extra[] = {
		MAP_STACK, MAP_NORESERVE, MAP_POPULATE, MAP_32BIT, MAP_LOCKED, 0, 0, 0, 0, 0, 0, 0
	};
	uint64_t place = below(8);

	call->op = OP_MMAP;
	call->args[0] = any_addr();
	call->args[1] = any_len();
	call->args[2] = any_prot();
	call->args[3] = fuzz_number(extra[below(12)]);
	if (place == 0)
		call->args[0] = fuzz_number(0);
	else if (place == 1)
		call->args[3].offset |= MAP_FIXED_NOREPLACE;
	else if (place > 2)
		call->args[3].offset |= MAP_FIXED;
	if (place == 0 || place == 2)
		call->slot = any_slot();
	backing(call);
	if (one_in(300))
		huge_mmap(call);
}

static void any_munmap(struct fuzz_call *call)
{
	call->op = OP_MUNMAP;
	call->args[0] = any_addr();
	call->args[1] = any_len();
	if (one_in(150)) {
		call->args[0] = fuzz_at(FUZZ_ZONE, 0);
		call->args[1] = fuzz_number(FUZZ_ZONE_SIZE / 2);
	}
}

/* ----------------------------------------------------- protection, moving, the heap */

static void any_mprotect(struct fuzz_call *call)
{
	call->op = OP_MPROTECT;
	call->args[0] = any_mapped_addr();
	call->args[1] = any_len();
	call->args[2] = any_prot();
	if (one_in(8))
		call->args[2].offset |= one_in(8) ? PROT_GROWSUP : PROT_GROWSDOWN;
	if (one_in(30))
		call->args[2].offset |= 1 << 20; /* no such prot */
	if (one_in(8)) {
		call->op = OP_PKEY_MPROTECT;
		call->args[3] = fuzz_number(one_in(10) ? 0 : UINT64_MAX);
	}
}

static void any_mremap(struct fuzz_call *call)
{
	uint64_t form = below(8);
	uint64_t *remap_flags = &call->args[3].offset;

	call->op = OP_MREMAP;
	call->args[0] = any_mapped_addr();
	call->args[1] = any_len();
	call->args[2] = any_len();
	call->args[4] = any_addr();
	if (form >= 1)
		*remap_flags |= MREMAP_MAYMOVE;
	if (form >= 4)
		*remap_flags |= MREMAP_FIXED;
	if (form == 3 || form == 7)
		*remap_flags |= MREMAP_DONTUNMAP;
	if (form == 3 || form == 7 || one_in(3))
		call->args[2] = call->args[1];
	if (one_in(10))
		call->args[1] = fuzz_number(0);
	if (one_in(60))
		*remap_flags |= 8;
	if (form >= 1 && form < 4)
		call->slot = any_slot();
}

static void any_brk(struct fuzz_call *call)
{
	call->op = OP_BRK;
	if (!one_in(8))
		call->args[0] = fuzz_at(FUZZ_HEAP, below(FUZZ_HEAP_PAGES * PAGE));
	else if (one_in(4))
		call->args[0] = fuzz_number(PAGE + below(PAGE));
}

/* --------------------------------------------------------------- System V memory */

static void any_shmat(struct fuzz_call *call)
{
	call->op = OP_SHMAT;
	call->args[0] = fuzz_at(FUZZ_SHM0 + (unsigned)below(2), 0);
	call->args[1] = any_addr();
	call->args[2] =
		fuzz_number((one_in(3) ? VM_SHM_RDONLY : 0) | (one_in(4) ? VM_SHM_EXEC : 0) |
			    (one_in(4) ? VM_SHM_RND : 0) | (one_in(2) ? VM_SHM_REMAP : 0));
	if (one_in(16)) {
		call->args[1] = fuzz_number(0);
		call->slot = any_slot();
	}
}

/* Half of the time where there is one. */
static void any_shmdt(struct fuzz_call *call)
{
	struct fuzz_value page = any_page();
	struct memory_set_iter iter =
		memory_set_iter_from_start(set,
					   (struct addr_range){ address_of(page), UINT64_MAX });
	const struct memory_area *area;

	call->op = OP_SHMDT;
	call->args[0] = bent(page);
	while (one_in(2) && (area = memory_set_iter_next(&iter)) != NULL)
		if ((area->flags & VM_SHM) && fuzz_world_is_ours(area->range.start))
			call->args[0] = fuzz_world_value_of(area->range.start - area->offset);
}

static void any_remap_file_pages(struct fuzz_call *call)
{
	call->op = OP_REMAP_FILE_PAGES;
	call->args[0] = any_mapped_addr();
	call->args[1] = any_len();
	call->args[2] = fuzz_number(one_in(20));
	call->args[3] = fuzz_number(below(FUZZ_FILE_PAGES));
}

/* ----------------------------------------------------------------------- advice */

static uint64_t any_advice(void)
{
	static const uint64_t advices[] = {
		MADV_DONTFORK,	    MADV_DONTFORK,	MADV_DOFORK,	     MADV_WIPEONFORK,
		MADV_WIPEONFORK,    MADV_KEEPONFORK,	MADV_GUARD_INSTALL,  MADV_GUARD_INSTALL,
		MADV_GUARD_INSTALL, MADV_GUARD_REMOVE,	MADV_DONTNEED,	     MADV_FREE,
		MADV_RANDOM,	    MADV_NORMAL,	MADV_NOHUGEPAGE,     MADV_DONTDUMP,
		MADV_MERGEABLE,	    MADV_POPULATE_READ, MADV_POPULATE_WRITE, 1234,
	};

	return advices[below(sizeof(advices) / sizeof(advices[0]))];
}

static void any_madvise(struct fuzz_call *call)
{
	call->op = OP_MADVISE;
	call->args[0] = any_mapped_addr();
	call->args[1] = any_len();
	call->args[2] = fuzz_number(any_advice());
}

static void any_process_madvise(struct fuzz_call *call)
{
	call->op = OP_PROCESS_MADVISE;
	call->args[0] = fuzz_at(FUZZ_SELF, 0);
	call->args[1] = fuzz_at(FUZZ_VECTOR, 0);
	call->args[2] = fuzz_number(call->n_vector = (uint8_t)(1 + below(FUZZ_VECTOR_MAX)));
	call->args[3] = fuzz_number(any_advice());
	for (unsigned i = 0; i < call->n_vector; i++) {
		call->vector[2 * i] = any_mapped_addr();
		call->vector[2 * i + 1] = any_len();
	}
}

/* ----------------------------------------------------------- locks, policy, seals */

static void any_mlock(struct fuzz_call *call)
{
	static const uint8_t ops[] = { OP_MLOCK, OP_MLOCK2, OP_MUNLOCK };

	call->op = ops[below(3)];
	call->args[0] = any_mapped_addr();
	call->args[1] = any_len();
	if (call->op == OP_MLOCK2)
		call->args[2] = fuzz_number(below(2));
	if (one_in(12)) {
		/* On fault alone: all pages of the process would be made. */
		call->op = one_in(3) ? OP_MLOCKALL : OP_MUNLOCKALL;
		call->args[0] = fuzz_number(call->op == OP_MLOCKALL ? 4 + 1 + below(3) : 0);
		call->args[1] = fuzz_number(0);
	}
}

static void any_mbind(struct fuzz_call *call)
{
	call->op = OP_MBIND;
	call->args[0] = any_mapped_addr();
	call->args[1] = any_len();
	call->args[2] = fuzz_number(below(2));
}

/* For good: so only at the window's end, and not often. */
static void any_mseal(struct fuzz_call *call)
{
	call->op = OP_MSEAL;
	call->args[0] =
		fuzz_at(FUZZ_ZONE, (FUZZ_WINDOW_PAGES - 1 - below(FUZZ_SEALED_PAGES)) * PAGE);
	call->args[1] = fuzz_number((1 + below(3)) * PAGE);
	call->args[2] = fuzz_number(one_in(20));
	if (n_window < FUZZ_WINDOW_PAGES && !one_in(8))
		any_mbind(call);
}

static void any_name(struct fuzz_call *call)
{
	call->op = OP_PRCTL;
	call->args[0] = fuzz_number(PR_SET_VMA_);
	call->args[2] = any_mapped_addr();
	call->args[3] = any_len();
	call->args[4] = one_in(4) ? fuzz_number(0) : fuzz_at(FUZZ_STRING, 0);
}

/* -------------------------------------------------------- what the kernel maps itself */

static unsigned used_slot(unsigned from)
{
	for (unsigned i = 0; i < FUZZ_SLOTS; i++)
		if (world.known[FUZZ_R0 + (from + i) % FUZZ_SLOTS])
			return (from + i) % FUZZ_SLOTS;
	return from;
}

static void any_ring(struct fuzz_call *call)
{
	call->op = OP_IO_SETUP;
	if (one_in(2)) {
		call->args[0] = fuzz_number(one_in(16) ? 0 : 1 + below(200));
		call->args[1] = fuzz_at(FUZZ_CONTEXT, 0);
		call->slot = any_slot();
		return;
	}
	call->op = OP_IO_DESTROY;
	call->args[0] = one_in(6) ? any_mapped_page()
				  : fuzz_at(FUZZ_R0 + used_slot((unsigned)below(FUZZ_SLOTS)), 0);
}

static void any_vdso(struct fuzz_call *call)
{
	uint64_t form = below(4);

	call->op = OP_MREMAP;
	call->args[0] = fuzz_at(FUZZ_VDSO, 0);
	call->args[1] = fuzz_number(world.vdso_size);
	if (form < 2) {
		call->args[2] = call->args[1];
		call->args[3] = fuzz_number(MREMAP_MAYMOVE | MREMAP_FIXED);
		call->args[4] = any_page();
	} else if (form == 2) {
		call->op = OP_MUNMAP;
		call->args[1] = fuzz_number(one_in(4) ? PAGE : world.vdso_size);
	} else {
		*call = (struct fuzz_call){ .op = OP_ARCH_PRCTL, .slot = -1 };
		call->args[0] = fuzz_number(ARCH_MAP_VDSO_64);
		call->args[1] = any_page();
	}
}

static void any_shadow_stack(struct fuzz_call *call)
{
	call->op = OP_MAP_SHADOW_STACK;
	call->args[0] = one_in(2) ? fuzz_number(0) : any_page();
	call->args[1] = any_len();
	call->args[2] = fuzz_number(below(2));
	call->slot = any_slot();
}

static void any_personality(struct fuzz_call *call)
{
	call->op = OP_PERSONALITY;
	call->args[0] = fuzz_number(one_in(3) ? READ_IMPLIES_EXEC : 0);
}

/* -------------------------------------------------------------- faults and children */

/* Also below areas: stacks grow there, and other things don't. */
static void any_touch(struct fuzz_call *call)
{
	call->op = OP_TOUCH;
	call->args[0] = any_mapped_page();
	if (one_in(3) && call->args[0].offset >= 4 * PAGE)
		call->args[0].offset -= (1 + below(4)) * PAGE;
}

static void any_fork(struct fuzz_call *call)
{
	if (one_in(8))
		call->op = OP_FORK;
	else
		any_touch(call);
}

static void any_faults(struct fuzz_call *call)
{
	static const uint8_t ops[] = { OP_REGISTER, OP_REGISTER, OP_UNREGISTER, OP_CLOSE_FAULTS };

	call->op = ops[below(4)];
	if (call->op == OP_CLOSE_FAULTS)
		return;
	call->args[0] = any_mapped_page();
	call->args[1] = fuzz_number((1 + below(4)) * PAGE);
}

/* ------------------------------------------------------------------- choosing one */

struct kind {
	unsigned weight;
	void (*make)(struct fuzz_call *call);
};

static const struct kind kinds[] = {
	{ 60, any_mmap },	 { 12, any_munmap },
	{ 30, any_mprotect },	 { 40, any_mremap },
	{ 10, any_brk },	 { 10, any_shmat },
	{ 8, any_shmdt },	 { 8, any_remap_file_pages },
	{ 24, any_madvise },	 { 5, any_process_madvise },
	{ 10, any_mlock },	 { 2, any_mbind },
	{ 1, any_mseal },	 { 1, any_name },
	{ 3, any_ring },	 { 1, any_vdso },
	{ 1, any_shadow_stack }, { 1, any_personality },
	{ 14, any_touch },	 { 4, any_fork },
	{ 3, any_faults },
};

/* What the fold can't know: that something is a stack that it had to read back. */
static bool is_beyond_fold(const struct fuzz_call *call)
{
	uint64_t addr = address_of(call->args[0]);
	const struct memory_area *area;
	const struct page *page;

	if (call->op != OP_TOUCH && call->op != OP_IO_DESTROY)
		return false;
	area = memory_set_find_from(set, addr);
	if (area == NULL || area->range.start <= addr)
		return false;
	page = page_model_at(area->range.start);
	return page != NULL && (page->attributes & PAGE_GROWSDOWN) && !(area->flags & VM_GROWSDOWN);
}

static void choose_any(struct fuzz_call *call)
{
	unsigned sum = 0, at;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		sum += kinds[i].weight;
	at = (unsigned)below(sum);
	*call = (struct fuzz_call){ .slot = -1 };
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (at < kinds[i].weight) {
			kinds[i].make(call);
			return;
		}
		at -= kinds[i].weight;
	}
}

static void choose(struct fuzz_call *call)
{
	do {
		choose_any(call);
	} while (is_beyond_fold(call) || !fuzz_world_is_safe(call));
}

/* Mappings that the kernel put somewhere else go when their name is wanted again: they
 * would pile up. */
static void make_room(struct fuzz_call *call, int8_t slot)
{
	uint64_t size = world.slot_size[slot];

	if (size == 0)
		return;
	*call = (struct fuzz_call){ .op = OP_MUNMAP, .slot = -1 };
	call->args[0] = fuzz_at(FUZZ_R0 + (unsigned)slot, 0);
	call->args[1] = fuzz_number(vm_page_up(size));
}

/* Huge pages fill the window and refuse nearly everything, so they don't stay for long. */
static bool huge_pages_in_the_way(void)
{
	const struct memory_area *area = memory_set_find(set, world.base[FUZZ_ZONE]);

	return area != NULL && (area->flags & VM_HUGE_MASK) != 0 && one_in(12);
}

void fuzz_generate(struct fuzz_call *call, const struct memory_set *current, unsigned window)
{
	set = current;
	n_window = window;
	if (huge_pages_in_the_way()) {
		*call = (struct fuzz_call){ .op = OP_MUNMAP, .slot = -1 };
		call->args[0] = fuzz_at(FUZZ_ZONE, 0);
		call->args[1] = fuzz_number(FUZZ_ZONE_SIZE / 2);
		return;
	}
	choose(call);
	if (call->slot >= 0)
		make_room(call, call->slot);
}
