/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AREA_TEXT_H
#define CLI_AREA_TEXT_H

/*
 * area_text - an area as a line of /proc/PID/maps, as JSON, and its colour
 */

#include "cli/text/json.h"
#include "cli/text/output.h"
#include "query/area_kind.h"

/* Tells the colour of an area's row: danger for writable and executable, else by its kind. */
enum paint area_paint(enum area_kind kind, uint64_t flags);

/* Appends the line of /proc/PID/maps for an area. */
void area_maps_line(const struct vm_space *space, const struct memory_area *area,
		    struct text *text);

/* Tells how the ledger knows of an area: "baseline", "resynced" or "observed". */
const char *area_source_name(uint64_t flags);

/* Appends flags that /proc/PID/maps does not show: "growsdown,dontfork"; "-": there are none. */
void area_flags(uint64_t flags, struct text *text);

/* Writes an area as members of an open JSON object. */
void area_json(struct json *json, const struct vm_space *space, const struct memory_area *area);

#endif
