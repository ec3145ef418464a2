/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_JSON_H
#define CLI_LOG_JSON_H

/*
 * log_json - one JSON object per line of the log
 */

#include "cli/commands/log.h"

/* Prints one line of the log, of any kind, as an object. */
void log_print_json_line(struct log *log, const struct history_event *line);

#endif
