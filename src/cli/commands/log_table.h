/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_TABLE_H
#define CLI_LOG_TABLE_H

/*
 * log_table - lines for people: the table, and calls as strace prints them
 */

#include "cli/commands/log.h"

/* "    12.345 ms" since the start. */
void log_print_time(const struct log *log, uint64_t ticks);

/* One line of the table, whatever kind it is. */
void log_print_table_line(struct log *log, const struct history_event *line);

/* Calls only. */
void log_print_strace(struct log *log, const struct history_event *line);

#endif
