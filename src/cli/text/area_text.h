/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AREA_TEXT_H
#define CLI_AREA_TEXT_H

/*
 * area_text - an area as a line of /proc/PID/maps, as JSON, and its colour
 */

#include "cli/text/json.h"
#include "cli/text/output.h"
#include "query/area_kind.h"

/* The colour of an area's row: danger for writable and executable, else by its kind. */
enum paint area_paint(enum area_kind kind, uint64_t flags);

/* The line of /proc/PID/maps for a canonical run. */
void area_maps_line(const struct vm_space *space, const struct memory_area *area,
		    struct text *text);

/* "baseline", "resynced" or "observed": where the fact that it is there comes from. */
const char *area_source_name(uint64_t flags);

/* What /proc/PID/maps does not show: "growsdown,dontfork"; "-" when there is nothing. */
void area_flags(uint64_t flags, struct text *text);

/* The members of an open JSON object. */
void area_json(struct json *json, const struct vm_space *space, const struct memory_area *area);

#endif
