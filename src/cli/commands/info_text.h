/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INFO_TEXT_H
#define CLI_INFO_TEXT_H

/*
 * info_text - single facts about a ledger, in words
 */

#include "cli/commands/info.h"

void info_say_command(const struct ledger_header *header, struct text *text);
void info_say_verdict(const struct info *info, struct text *text);
void info_say_time(uint64_t realtime_ns, struct text *text);
void info_say_field(struct text *text, const char *field, size_t size);

/* Appends how often each call was made, the most frequent first: "17 mmap, 12 mprotect". */
void info_say_calls(const struct replay_counts *counts, struct text *text);
void info_say_tiers(const struct replay_counts *counts, struct text *text);
void info_say_sites(const struct replay_counts *counts, struct text *text);
void info_say_resyncs(const struct replay_counts *counts, struct text *text);

/* Appends how many calls verify=each compared right after they were made, or could not compare. */
void info_say_checks(const struct info *info, struct text *text);
void info_say_parent(const struct info *info, struct text *text);
void info_say_file(const struct info *info, struct text *text);

#endif
