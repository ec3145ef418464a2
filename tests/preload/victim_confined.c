/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Installs a seccomp filter that kills for everything but what this program does from
 * then on: write, a few memory calls and exit. One system call of the shim's own, and
 * the program dies of SIGSYS.
 */

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "victim.h"

#define ALLOW(nr)                                                                                  \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1),                                           \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

int main(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_mmap),
		ALLOW(SYS_munmap),
		ALLOW(SYS_mprotect),
		ALLOW(SYS_write),
		ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_filter *filter = rules;
	struct sock_fprog program = { sizeof(rules) / sizeof(rules[0]), filter };
	struct ml_area area;
	char *p;

	must_agree("before the filter");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		skip("no seccomp filters here");
	for (unsigned i = 0; i < 3000; i++) {
		p = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);
		if (p == MAP_FAILED)
			fail("mmap");
		mprotect(p + PAGE, PAGE, PROT_READ);
		if (i % 8 == 0 &&
		    (munmap(p + PAGE, PAGE) != 0 || mprotect(p, 3 * PAGE, PROT_READ) == 0))
			fail("mprotect over a hole");
		if (i % 8 != 0)
			munmap(p, 3 * PAGE);
	}
	p = mmap(NULL, PAGE, PROT_READ, ANON, -1, 0);
	if (ml_active() && (ml_query(p, &area) != 1 || area.prot != PROT_READ))
		fail("the map is kept on behind the filter");
	if (ml_active() && ml_verify(NULL, NULL) != -EPERM)
		fail("comparing is refused behind the filter");
	return 0;
}
