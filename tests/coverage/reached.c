/* SPDX-License-Identifier: Apache-2.0 */

/*
 * reached - notes each basic block of the shim that runs, in one byte of a shared file
 *
 * The compiler puts a call of __sanitizer_cov_trace_pc() at the beginning of each block
 * (-fsanitize-coverage=trace-pc). The byte's place is that of the call's return address in
 * the shim. The file is mapped over an array of the shim's own, by the first block that
 * runs in a process and before the shim has looked at the map, so it is part of what the
 * shim starts with; fork children share it. Nothing is to be written at the end, so a
 * process may end in any way. Where the file can't be opened, the array takes the bytes.
 */

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include "base/sys.h"

#define REACHED_MAX (1u << 20) /* more than there is of code; see shim.py */

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static uint8_t reached[REACHED_MAX] __attribute__((aligned(1 << 16)));
static bool tried;

static void map_file(void)
{
	long fd;

	tried = true;
	fd = sys_openat(AT_FDCWD, COVERAGE_FILE, O_RDWR | O_CLOEXEC, 0);
	if (fd < 0)
		return;
	sys_mmap((uintptr_t)reached, sizeof(reached), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, (int)fd, 0);
	sys_close((int)fd);
}

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
	uintptr_t at = (uintptr_t)__builtin_return_address(0) - (uintptr_t)__ehdr_start;

	if (__builtin_expect(!tried, 0))
		map_file();
	if (at < REACHED_MAX)
		reached[at] = 1;
}
