/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MAP_JSON_H
#define CLI_MAP_JSON_H

/*
 * map_json - the map as a JSON object
 */

#include "cli/commands/map.h"

/* Prints the map on stdout. */
void map_print_json(const struct map *map);

#endif
