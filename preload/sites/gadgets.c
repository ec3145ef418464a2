/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "base/sys.h"
#include "sites/code_memory.h"
#include "sites/gadgets.h"

#if defined(__x86_64__)

#define HIDDEN __attribute__((visibility("hidden")))

/* In gadgets_x86_64.S, filled with int3. */
extern unsigned char gadgets[] HIDDEN;
#define GADGETS	    128
#define GADGET_SIZE 64

/* Where a new thread or a child of fork comes first; NULL: no gadgets are wanted. */
static const void *child_entry;

static uint64_t gadget_resume_at[GADGETS];
static uint32_t n_gadgets;

static bool makes_child(uint32_t nr)
{
	return nr == SYS_clone || nr == SYS_clone3;
}

/*
 * syscall; jmp *resume. Behind a call that makes a child:
 *
 *     syscall
 *     mov    %rax, %rcx
 *     jrcxz  1f
 *     jmp    *resume
 * 1:  lea    -128(%rsp), %rsp
 *     push   resume
 *     jmp    child_entry
 */
static unsigned make_gadget(unsigned char *code, uint64_t at, uint64_t resume, bool child)
{
	static const unsigned char plain[] = { 0x0f, 0x05, 0xff, 0x25, 0, 0, 0, 0 };
	static const unsigned char with_child[] = {
		0x0f, 0x05, 0x48, 0x89, 0xc1, 0xe3, 14,	  0xff, 0x25, 0,    0,
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,    0, /* resume: offset 13 */
		0x48, 0x8d, 0x64, 0x24, 0x80, 0xff, 0x35, 0xed, 0xff, 0xff, 0xff, /* back to 13 */
		0xe9, 0,    0,	  0,	0,
	};
	int32_t rel32 = (int32_t)((uintptr_t)child_entry - (at + sizeof(with_child)));

	if (!child) {
		memcpy(code, plain, sizeof(plain));
		memcpy(code + sizeof(plain), &resume, sizeof(resume));
		return sizeof(plain) + sizeof(resume);
	}
	memcpy(code, with_child, sizeof(with_child));
	memcpy(code + 13, &resume, sizeof(resume));
	memcpy(code + sizeof(with_child) - 4, &rel32, sizeof(rel32));
	return sizeof(with_child);
}

static bool write_gadget(uint32_t i, uint64_t resume, bool child)
{
	unsigned char code[GADGET_SIZE];
	uint64_t at = (uintptr_t)gadgets + (uint64_t)i * GADGET_SIZE;
	unsigned size = make_gadget(code, at, resume, child);
	int mem = code_memory_open();
	bool good;

	if (mem < 0)
		return false;
	good = sys_pwrite(mem, code, size, at) == (long)size;
	sys_close(mem);
	return good;
}

uint64_t gadget_find(uint32_t nr, uint64_t resume)
{
	bool child = makes_child(nr);
	uint64_t key = resume | (uint64_t)child << 63;
	uint32_t n = __atomic_load_n(&n_gadgets, __ATOMIC_ACQUIRE), i;

	for (i = 0; i < n && i < GADGETS; i++)
		if (__atomic_load_n(&gadget_resume_at[i], __ATOMIC_ACQUIRE) == key)
			return (uintptr_t)gadgets + (uint64_t)i * GADGET_SIZE;
	i = n < GADGETS ? __atomic_fetch_add(&n_gadgets, 1, __ATOMIC_ACQ_REL) : GADGETS;
	if (i >= GADGETS || !write_gadget(i, resume, child))
		return 0;
	__atomic_store_n(&gadget_resume_at[i], key, __ATOMIC_RELEASE);
	return (uintptr_t)gadgets + (uint64_t)i * GADGET_SIZE;
}

uint64_t gadget_resume(uint32_t nr, uint64_t resume)
{
	uint64_t gadget = child_entry != NULL && makes_child(nr) ? gadget_find(nr, resume) : 0;

	return gadget != 0 ? gadget + 2 : resume;
}

uint64_t gadget_program_place(uint64_t resume)
{
	uint64_t into = resume - (uintptr_t)gadgets;

	if (into >= (uint64_t)GADGETS * GADGET_SIZE)
		return resume;
	return gadget_resume_at[into / GADGET_SIZE] & ~(1ULL << 63);
}

void gadgets_start(const void *child)
{
	child_entry = child;
}

#endif
