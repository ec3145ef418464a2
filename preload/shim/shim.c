/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include "base/sys.h"
#include "base/text.h"
#include "shim/shim.h"

struct shim shim;

void shim_debug(const char *what, const char *about)
{
	char buffer[256];
	struct text text;

	if (!shim.options.debug)
		return;
	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "mapledger: ");
	text_decimal(&text, (uint64_t)sys_getpid());
	text_string(&text, ": ");
	text_string(&text, what);
	text_string(&text, about);
	text_char(&text, '\n');
	sys_write(2, buffer, text.len);
}

uint64_t shim_block_signals(void)
{
	const uint64_t all = ~0ULL;
	uint64_t old = 0;

	if (!shim.confined)
		sys_sigprocmask(SIG_SETMASK, &all, &old);
	return old;
}

void shim_restore_signals(uint64_t mask)
{
	if (!shim.confined)
		sys_sigprocmask(SIG_SETMASK, &mask, NULL);
}

void shim_write_counters(void)
{
	struct ledger_header *header = shim.writer.header;

	header->n_bypassed = shim.n_bypassed;
	header->n_deferred = shim.n_deferred;
	header->n_resyncs = shim.n_resyncs;
	header->n_bad_lines = shim.n_bad_lines;
}
