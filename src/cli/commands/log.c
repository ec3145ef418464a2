/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/log.h"
#include "cli/text/effect_text.h"

void log_describe(const struct log *log, const struct history_event *line, struct text *text)
{
	effect_describe(&line->call, line->finished, &line->touch, &line->before, &line->after,
			line->brk_before, log->options->common.bytes, text);
	if (line->read_back != 0 && text->len > 0)
		text_string(text, " (read back)");
}
