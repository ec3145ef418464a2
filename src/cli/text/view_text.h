/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VIEW_TEXT_H
#define CLI_VIEW_TEXT_H

/*
 * view_text - a ledger in words: its program, its end, its coverage, its damage
 */

#include "query/ledger_view.h"
#include "query/live.h"

/* Appends an event, "#42 mprotect". Return: false when the operation is not known: "#42". */
bool view_event_text(const struct ledger_view *view, uint64_t event, struct text *text);

/* Appends the program's name, "ls", from the executable or the first argument. */
void view_program(const struct ledger_view *view, struct text *text);

/* Appends how the recorded process ended: "exited with status 0". */
void view_state_text(const struct ledger_view *view, enum view_state state, struct text *text);

/*
 * Appends how many changes of the map were seen: "812 of 815 changes by observed calls (99.6 %), 3
 * read back: 2 fork, 1 stack".
 */
void view_coverage_text(const struct ledger_view *view, struct text *text);

/* Says on stderr what is wrong with the ledger file; nothing when it is whole. */
void view_say_damage(const struct ledger_view *view);

/* Says on stderr how much of the history was overwritten, then view_say_damage(). */
void view_say_lost_and_damaged(const struct ledger_view *view);

/* Says on stderr what live_settle() asked the kernel about, one line for each kind. */
void live_say_notes(const struct live_notes *notes);

#endif
