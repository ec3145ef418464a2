/* SPDX-License-Identifier: Apache-2.0 */

/*
 * site_stubs - what the jumps lead to
 *
 * Where the code is within 2 GB of the shim, and all that was overwritten is
 * `mov $NR, %eax', the stub is one of those in site_stubs_x86_64.S. For everything
 * else one is written into a page near the code:
 *
 *     ...                            the instructions that were overwritten
 *     movabs $site_wanted, %r11      is it a call to be caught?
 *     movzwl %ax, %ecx               (rcx and r11 are free: a system call changes them)
 *     movzbl (%r11, %rcx), %ecx
 *     jrcxz  1f                      (the flags are not)
 *     lea    -128(%rsp), %rsp        the frame of site_stubs_x86_64.S
 *     movabs $resume, %r11
 *     push   %r11
 *     push   $index
 *     movabs $site_common, %r11      or site_apart
 *     jmp    *%r11
 * 1:  jmp    syscall
 */

#include <errno.h>
#include <sys/mman.h>
#include "base/sys.h"
#include "map/own_memory.h"
#include "shim/shim.h"
#include "sites/call_table.h"
#include "sites/gadgets.h"
#include "sites/site_stubs.h"

#if defined(__x86_64__)

site_reached_fn *site_reached;

#define HIDDEN __attribute__((visibility("hidden")))

/* In site_stubs_x86_64.S: one stub per site, SITE_STUB_SIZE bytes apart. */
extern const unsigned char site_stubs[] HIDDEN;
extern const unsigned char site_common[] HIDDEN;
extern const unsigned char site_apart[] HIDDEN;
#define SITE_STUB_SIZE 32

/* Read by those: where a site continues. */
uint64_t site_resume[SITE_STUBS] HIDDEN;

#define SLOT_SIZE 128
_Static_assert(VM_PAGE_SIZE / SLOT_SIZE == 32, "a word has a bit for each slot");

static struct addr_range pages[OWN_MEMORY_CODE_MAX];
static uint32_t used[OWN_MEMORY_CODE_MAX]; /* a bit for each of its slots */
static unsigned n_pages;
static bool refused;
static bool any_apart; /* there is Go in this process */

/* ---------------------------------------------------------------------- pages */

#define REACH (0x7fffffffULL - 2 * VM_PAGE_SIZE)

static bool is_near(uint64_t a, uint64_t b)
{
	return a < b ? b - a < REACH : a - b < REACH;
}

/* Below the code, and not right below, where its own library may want to grow. */
static long map_near(uint64_t addr)
{
	for (uint64_t distance = 64 << 10; distance < REACH && distance < addr; distance *= 2) {
		uint64_t at = vm_page_down(addr - distance);
		long page = sys_mmap(at, VM_PAGE_SIZE, PROT_READ | PROT_EXEC,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (!sys_is_error(page) && is_near((uint64_t)page, addr))
			return page;
		if (!sys_is_error(page)) /* a kernel before 4.17: took it for a hint */
			sys_munmap((uint64_t)page, VM_PAGE_SIZE);
		else if (page != -EEXIST && page != -EPERM)
			return page;
	}
	return -ENOMEM;
}

static bool add_page(uint64_t addr)
{
	long page;

	if (n_pages == OWN_MEMORY_CODE_MAX || refused)
		return false;
	page = map_near(addr);
	if (sys_is_error(page)) {
		refused = true;
		return false;
	}
	pages[n_pages] = (struct addr_range){ (uint64_t)page, (uint64_t)page + VM_PAGE_SIZE };
	own_memory_register_code(pages[n_pages++]);
	return true;
}

static uint64_t take_slot(unsigned page)
{
	unsigned slot = (unsigned)__builtin_ctz(~used[page]);

	used[page] |= 1u << slot;
	return pages[page].start + slot * SLOT_SIZE;
}

static uint64_t find_slot(uint64_t addr)
{
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < n_pages; i++)
			if (used[i] != UINT32_MAX && is_near(pages[i].start, addr))
				return take_slot(i);
		if (!add_page(addr))
			break;
	}
	return 0;
}

void site_stub_free(uint64_t stub)
{
	for (unsigned i = 0; i < n_pages; i++)
		if (stub >= pages[i].start && stub < pages[i].end)
			used[i] &= ~(1u << (stub - pages[i].start) / SLOT_SIZE);
}

/* ----------------------------------------------------------------- one stub's code */

struct code {
	unsigned char bytes[SLOT_SIZE];
	unsigned len;
};

static void put(struct code *code, const void *bytes, unsigned n)
{
	memcpy(code->bytes + code->len, bytes, n);
	code->len += n;
}

#define PUT(code, ...)                                                                             \
	put((code), (const unsigned char[]){ __VA_ARGS__ },                                        \
	    sizeof((const unsigned char[]){ __VA_ARGS__ }))

static void put_movabs_r11(struct code *code, uint64_t value)
{
	PUT(code, 0x49, 0xbb);
	put(code, &value, sizeof(value));
}

/* The overwritten instructions. False: an operand is out of reach from here. */
static bool put_copy(struct code *code, const struct site_plan *plan, uint64_t from, uint64_t to)
{
	put(code, plan->bytes, plan->n_copy);
	for (unsigned i = 0; i < plan->n_rips; i++) {
		int32_t disp;
		int64_t moved;

		memcpy(&disp, plan->bytes + plan->rip_at[i], sizeof(disp));
		moved = disp + (int64_t)(from - to);
		disp = (int32_t)moved;
		if (disp != moved)
			return false;
		memcpy(code->bytes + plan->rip_at[i], &disp, sizeof(disp));
	}
	return true;
}

static void put_rest(struct code *code, const struct site_plan *plan, uint64_t slot,
		     uint64_t syscall, uint32_t index)
{
	uint64_t resume = gadget_resume(plan->nr, syscall + 2);
	int32_t back;

	put_movabs_r11(code, (uintptr_t)site_wanted);
	PUT(code, 0x0f, 0xb7, 0xc8);		  /* movzwl %ax, %ecx */
	PUT(code, 0x41, 0x0f, 0xb6, 0x0c, 0x0b);  /* movzbl (%r11, %rcx), %ecx */
	PUT(code, 0xe3, 5 + 10 + 2 + 5 + 10 + 3); /* jrcxz: behind the jmp *%r11 */
	PUT(code, 0x48, 0x8d, 0x64, 0x24, 0x80);  /* lea -128(%rsp), %rsp */
	put_movabs_r11(code, resume);
	PUT(code, 0x41, 0x53); /* push %r11 */
	PUT(code, 0x68);       /* push $index */
	put(code, &index, sizeof(index));
	put_movabs_r11(code, plan->apart ? (uintptr_t)site_apart : (uintptr_t)site_common);
	PUT(code, 0x41, 0xff, 0xe3); /* jmp *%r11 */
	back = (int32_t)(syscall - (slot + code->len + 5));
	PUT(code, 0xe9);
	put(code, &back, sizeof(back));
}

static uint64_t write_stub(const struct site_plan *plan, uint64_t addr, uint32_t index, int mem)
{
	uint64_t slot = find_slot(addr);
	struct code code = { .len = 0 };

	if (slot == 0)
		return 0;
	if (put_copy(&code, plan, addr, slot)) {
		put_rest(&code, plan, slot, addr + plan->n_copy, index);
		if (sys_pwrite(mem, code.bytes, code.len, slot) == (long)code.len)
			return slot;
	}
	site_stub_free(slot);
	return 0;
}

uint64_t site_stub(const struct site_plan *plan, uint64_t addr, uint32_t index, int mem)
{
	uint64_t stub = (uintptr_t)site_stubs + (uint64_t)index * SITE_STUB_SIZE;

	any_apart |= plan->apart;
	if (!plan->plain || plan->apart || index >= SITE_STUBS || !is_near(stub, addr))
		return write_stub(plan, addr, index, mem);
	site_resume[index] = gadget_resume(plan->nr, addr + plan->n_copy + 2);
	return stub;
}

uint64_t site_entry(void)
{
	return any_apart ? (uintptr_t)site_apart : (uintptr_t)site_common;
}

#endif
