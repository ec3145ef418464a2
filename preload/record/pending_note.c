/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include "record/pending_note.h"
#include "shim/shim.h"

static const char *pending;

void pending_note_set(const char *sentence)
{
	__atomic_store_n(&pending, sentence, __ATOMIC_RELEASE);
}

void pending_note_write(void)
{
	const char *sentence = __atomic_exchange_n(&pending, NULL, __ATOMIC_ACQ_REL);

	if (sentence != NULL && shim.writer.header != NULL)
		ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED, sentence);
}
