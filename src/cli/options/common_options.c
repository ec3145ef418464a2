/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/options/common_options.h"

static const char *parse_sysroot(const char *value, void *field)
{
	const char **sysroot = field;

	*sysroot = strcmp(value, "/") == 0 ? NULL : value;
	return *value == '\0' ? "is no folder" : NULL;
}

const struct option_row common_rows[COMMON_ROWS] = {
	[COMMON_PID] = { "pid", 'p', "PID", "the ledger of a running process",
			 OPTION_ID(struct common_options, pid, pid_t),
			 .wrong = "is not a process id" },
	[COMMON_AT] = { "at", 0, "MOMENT",
			"the map at this moment: 42 (after event 42), -10, start, main, crash, "
			"end, @1.25s, @250ms, mark:NAME (default end)",
			OPTION_MOMENT(struct common_options, at) },
	[COMMON_SYSROOT] = { "sysroot", 0, "DIR",
			     "the programs and libraries of the recorded machine are below this "
			     "folder: for names in stacks",
			     OPTION_PARSED(struct common_options, sysroot, parse_sysroot) },
	[COMMON_BYTES] = { "bytes", 0, NULL, "exact sizes",
			   OPTION_FLAG(struct common_options, bytes) },
	[COMMON_JSON] = { "json", 0, NULL, "one JSON object per line, addresses as strings",
			  OPTION_FLAG(struct common_options, json) },
	[COMMON_COLOR] = { "color", 0, "auto|always|never",
			   "colour the output (default auto: on a terminal)",
			   OPTION_WORD(struct common_options, color, enum color_when) },
	[COMMON_HELP] = { "help", 'h', NULL, "this page",
			  OPTION_FLAG(struct common_options, help) },
};
