/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_PENDING_NOTE_H
#define PRELOAD_PENDING_NOTE_H

/*
 * pending_note - a sentence for the ledger, said where the lock may not be had
 *
 * A signal handler learns something that the ledger is to say. It leaves the sentence here;
 * whoever has the lock next, and thinks of it, writes it: at the latest the end of the process.
 */

/* A constant string; NULL: there is nothing to say after all. Of several the last is kept. */
void pending_note_set(const char *sentence);
/* With the lock held. */
void pending_note_write(void);

#endif
