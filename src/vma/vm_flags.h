/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_FLAGS_H
#define VMA_VM_FLAGS_H

/*
 * vm_flags - what memory_area.flags and the tags mean for a Linux address space
 *
 * These bits are part of the ledger's format: never renumber, only add.
 *
 *    63      39 38     32 31    24 23   16 15          8 7     4 3  2 1 0
 *   [ reserved | more   | pkey   | shift | attributes  | facts | s  x w r ]
 */

#include <memory_set/memory_set.h>

#define VM_READ	   0x1ULL
#define VM_WRITE   0x2ULL
#define VM_EXEC	   0x4ULL
#define VM_SHARED  0x8ULL /* maps prints `s': MAP_SHARED, also of a read-only descriptor */
#define VM_PROT	   (VM_READ | VM_WRITE | VM_EXEC)
#define VM_VISIBLE (VM_PROT | VM_SHARED) /* what the kernel's own map shows */

/* Where the fact that this area is there comes from. */
#define VM_OBSERVED 0x00ULL /* from a call */
#define VM_BASELINE 0x10ULL /* was there when recording began */
#define VM_RESYNCED 0x20ULL /* read back from the kernel */
#define VM_SOURCE   0x30ULL

/* Attributes that /proc/PID/maps does not show. */
#define VM_OWN	      0x100ULL	/* mapledger's own memory inside the program */
#define VM_GROWSDOWN  0x200ULL	/* the kernel moves the lower edge on a page fault */
#define VM_HEAP	      0x400ULL	/* made by brk */
#define VM_SHM	      0x800ULL	/* a System V segment, or a piece of one */
#define VM_DONTFORK   0x1000ULL /* MADV_DONTFORK: not inherited by fork */
#define VM_WIPEONFORK 0x2000ULL
#define VM_GUARD      0x4000ULL /* has MADV_GUARD_INSTALL regions in it */
#define VM_FILE	      0x8000ULL /* tag object names a file; the offset counts */

/* Put there by the kernel for a tracer: [uprobes] and its like. Above the pkey, as
 * the attributes' byte is full. */
#define VM_UPROBES    (1ULL << 32)
#define VM_LOCKED     (1ULL << 33) /* mlock, MAP_LOCKED, MCL_FUTURE */
#define VM_SEALED     (1ULL << 34) /* mseal: neither unmapped nor protected any more */
#define VM_AIO	      (1ULL << 35) /* the ring of io_setup, or a piece of it */
#define VM_SHADOW     (1ULL << 36) /* a shadow stack */
#define VM_HELD	      (1ULL << 37) /* unmapped by the program, and kept from use (hold=) */
#define VM_DROPPABLE  (1ULL << 38) /* MAP_DROPPABLE: never locked, always VM_WIPEONFORK */

#define VM_HUGE_SHIFT 16 /* log2 of the huge page size of a hugetlb area, or 0 */
#define VM_HUGE_MASK  (0xffULL << VM_HUGE_SHIFT)

#define VM_PKEY_SHIFT 24
#define VM_PKEY_MASK  (0xffULL << VM_PKEY_SHIFT)

/* memory_area.tag[]: which object is mapped (0: none, plain anonymous memory),
 * and the event number of the last call that changed the area (0: none).
 * memory_area.origin is the event number of the call that mapped it (0: none). */
#define VM_TAG_OBJECT  0
#define VM_TAG_CHANGED 1

#define VM_PAGE_SIZE   4096ULL

/* All that a set can hold; MEMORY_SET_ALL has an end that is no page's, and so can't be changed. */
#define VM_ALL_PAGES ((struct addr_range){ 0, UINT64_MAX & ~(VM_PAGE_SIZE - 1) })

static inline uint64_t vm_page_down(uint64_t addr)
{
	return addr & ~(VM_PAGE_SIZE - 1);
}

/* Wraps to 0 for the last page, as the kernel's PAGE_ALIGN does. */
static inline uint64_t vm_page_up(uint64_t addr)
{
	return (addr + VM_PAGE_SIZE - 1) & ~(VM_PAGE_SIZE - 1);
}

/* PROT_READ, PROT_WRITE and PROT_EXEC have the same values on every Linux. */
static inline uint64_t vm_flags_from_prot(uint64_t prot)
{
	return prot & VM_PROT;
}

#endif
