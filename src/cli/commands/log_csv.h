/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_CSV_H
#define CLI_LOG_CSV_H

/*
 * log_csv - calls as comma-separated values (RFC 4180)
 */

#include "cli/commands/log.h"

/* Prints the names of the columns. */
void log_print_csv_head(void);

/* Prints one call. */
void log_print_csv(struct log *log, const struct history_event *line);

#endif
