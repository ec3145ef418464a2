/* SPDX-License-Identifier: Apache-2.0 */

/*
 * victim_filtered PROGRAM [ARG...]: executes a program behind a seccomp filter that kills
 * for every system call but those which the loader and a simple program make.
 */

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "victim.h"

static const int allowed[] = {
	SYS_read,	  SYS_write,	       SYS_close,     SYS_fstat,      SYS_mmap,
	SYS_mprotect,	  SYS_munmap,	       SYS_brk,	      SYS_pread64,    SYS_execve,
	SYS_exit_group,	  SYS_set_tid_address, SYS_openat,    SYS_newfstatat, SYS_set_robust_list,
	SYS_prlimit64,	  SYS_getrandom,       SYS_rseq,      SYS_lseek,      SYS_ioctl,
	SYS_rt_sigaction, SYS_futex,	       SYS_fadvise64,
#if defined(__x86_64__)
	SYS_arch_prctl,	  SYS_access,
#endif
};
#define N_ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

int main(int argc, char **argv)
{
	struct sock_filter rules[2 * N_ALLOWED + 2];
	struct sock_fprog program = { .filter = rules };
	unsigned short n = 0;

	if (argc < 2)
		return 1;
	rules[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < N_ALLOWED; i++) {
		rules[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							  (unsigned)allowed[i], 0, 1);
		rules[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	rules[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	program.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		skip("no seccomp filters here");
	execv(argv[1], argv + 1);
	return 2;
}
