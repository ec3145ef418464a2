/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_PENDING_NOTE_H
#define PRELOAD_PENDING_NOTE_H

/*
 * pending_note - a sentence for the ledger waits until somebody has the recorder's lock
 *
 * A signal handler learns something that the ledger is to say, and can't get the lock. It leaves
 * the sentence here; it is written at the end of the process at the latest.
 */

/*
 * Leaves a sentence to be written, a constant string; NULL: there is nothing to say after all. Of
 * several the last is kept.
 */
void pending_note_set(const char *sentence);
/* Writes the sentence that was left, if there is one. With the lock held. */
void pending_note_write(void);

#endif
