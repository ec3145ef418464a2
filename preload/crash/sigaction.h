/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SIGACTION_H
#define PRELOAD_SIGACTION_H

/* rt_sigaction as the kernel knows it. */

#include <stdint.h>
#include "base/sys.h"

/* The kernel's struct sigaction: fields in another order than libc's. */
struct kernel_action {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

/* x86-64 leaves the way back from a handler to the program; others have it in the vDSO. */
#if defined(__x86_64__)
__attribute__((visibility("hidden"))) void fault_return(void);
#define RESTORER_FLAG 0x04000000
#define RESTORER      (uintptr_t) fault_return
#else
#define RESTORER_FLAG 0
#define RESTORER      0
#endif

static inline long sys_sigaction(int number, const struct kernel_action *action,
				 struct kernel_action *old)
{
	return sys_call6(SYS_rt_sigaction, number, (long)action, (long)old, sizeof(action->mask), 0,
			 0);
}

#endif
