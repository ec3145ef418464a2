/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/area_text.h"
#include "cli/frame_text.h"

/* "libc.so.6+0x9a1b2", or the address where nothing with a name is mapped. */
static void text_frame(struct text *text, const struct ledger_view *view, uint64_t address)
{
	const struct vm_space *space = &view->replay.space;
	const struct memory_area *area = memory_set_find(space->set, address);

	if (area == NULL || area->tag[VM_TAG_OBJECT] == 0) {
		text_string(text, "0x");
		text_hex(text, address, 1);
		return;
	}
	area_what(space, area, text);
	text_string(text, "+0x");
	text_hex(text, memory_area_offset_at(area, address), 1);
}

static void print_lines(FILE *file, struct ledger_view *view, const struct ledger_trace *trace,
			int indent, unsigned max, bool begun)
{
	for (unsigned i = 0; i < trace->n_frames && i < max; i++) {
		struct text text;
		TEXT_ON_STACK(text, 300);

		text_frame(&text, view, trace->frames[i]);
		fprintf(file, "%*s%s\n", begun && i == 0 ? 0 : indent, "", text.buffer);
	}
	if (begun && trace->n_frames == 0)
		fputs("?\n", file);
}

void frames_print(FILE *file, struct ledger_view *view, uint64_t event,
		  const struct ledger_trace *trace, int indent, unsigned max)
{
	(void)event;
	print_lines(file, view, trace, indent, max, false);
}

void frames_print_here(FILE *file, struct ledger_view *view, uint64_t event,
		       const struct ledger_trace *trace, int indent, unsigned max)
{
	(void)event;
	print_lines(file, view, trace, indent, max, true);
}

void frames_json(struct json *json, struct ledger_view *view, uint64_t event,
		 const struct ledger_trace *trace)
{
	(void)event;
	for (unsigned i = 0; i < trace->n_frames; i++) {
		struct text text;
		TEXT_ON_STACK(text, 300);

		text_frame(&text, view, trace->frames[i]);
		json_object(json, NULL);
		json_address(json, "address", trace->frames[i]);
		json_string(json, "where", text.buffer);
		json_end_object(json);
	}
}
