/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_ABI_H
#define VMA_VM_ABI_H

/*
 * vm_abi - the kernel's constants, as of Linux 6.18, whatever the headers installed here know
 */

#include <linux/mman.h>
#include <linux/personality.h>

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
