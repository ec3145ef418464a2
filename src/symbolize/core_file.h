/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOLIZE_CORE_FILE_H
#define SYMBOLIZE_CORE_FILE_H

/*
 * core_file - reads from a core file which signal ended the process, and where
 *
 * For processes that recorded no fault of their own: the signal was blocked, the
 * process was confined, or it was not an address that failed. Notes of the kernel's
 * (NT_SIGINFO, NT_PRSTATUS, NT_PRPSINFO) tell the signal and the process; elfutils
 * unwinds the thread's stack.
 */

#include <stdbool.h>
#include <stdint.h>
#include "ledger/ledger_format.h"

/*
 * What a core file says.
 *
 * @fault: as far as it is known: no trap, so no certain access; @event and @ticks are 0
 * @name:  of the program, as the kernel keeps it: at most 15 bytes
 */
struct core_file {
	uint32_t pid;
	char name[16];
	struct ledger_fault fault;
};

/**
 * core_file_read() - read a core file
 * @wrong: set to what is wrong with the file: the end of a sentence that begins with its name
 *
 * Return: false, with @wrong, when it is not to be read or not a core file.
 */
bool core_file_read(const char *path, struct core_file *core, const char **wrong);

#endif
