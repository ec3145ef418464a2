/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_TABLE_H
#define CLI_LOG_TABLE_H

/*
 * log_table - the lines of the log as a table, and calls as strace prints them
 */

#include "cli/commands/log.h"

/* Prints the time since the start: "    12.345 ms". */
void log_print_time(const struct log *log, uint64_t ticks);

/* Prints one line of the log, of any kind, as a row of the table. */
void log_print_table_line(struct log *log, const struct history_event *line);

/* Prints one call as strace does. */
void log_print_strace(struct log *log, const struct history_event *line);

#endif
