/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_ABI_H
#define VMA_VM_ABI_H

/*
 * vm_abi - the kernel's constants, as of Linux 6.18, whatever the headers installed here know
 */

#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <sys/syscall.h>

/* Numbers that are the same everywhere. */
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_map_shadow_stack
#define SYS_map_shadow_stack 453
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08 /* a MAP_TYPE, private; Linux 6.11 */
#endif
#ifndef MAP_32BIT
#define MAP_32BIT 0x40 /* x86 alone */
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#define MADV_GUARD_REMOVE  103
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Of prctl(): what changes the map, its labels or its rules. */
#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef PR_SET_MM
#define PR_SET_MM	      35
#define PR_SET_MM_START_STACK 5
#define PR_SET_MM_START_BRK   6
#define PR_SET_MM_BRK	      7
#define PR_SET_MM_MAP	      14
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

/* Of arch_prctl() on x86. */
#define VM_ARCH_MAP_VDSO_X32  0x2001
#define VM_ARCH_MAP_VDSO_32   0x2002
#define VM_ARCH_MAP_VDSO_64   0x2003
#define VM_ARCH_SHSTK_ENABLE  0x5001
#define VM_ARCH_SHSTK_DISABLE 0x5002

/* What personality() is asked with instead of told. */
#define VM_PERSONALITY_QUERY 0xffffffffu

/* Of shmat(). <linux/shm.h> drags in libc's idea of ipc_perm. */
#define VM_SHM_RDONLY 010000
#define VM_SHM_RND    020000
#define VM_SHM_REMAP  040000
#define VM_SHM_EXEC   0100000

/* log2 of a huge page's size, in bits 26 to 31 of map_flags; 0: the default size */
#define VM_MAP_HUGE_SHIFT     26
#define VM_MAP_HUGE_MASK      0x3f
#define VM_DEFAULT_HUGE_SHIFT 21

#endif
