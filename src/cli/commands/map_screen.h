/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MAP_SCREEN_H
#define CLI_MAP_SCREEN_H

/*
 * map_screen - the map as a table, and as lines of /proc/PID/maps
 */

#include "cli/commands/map.h"

/* Print the map: a headline, a row for each area, a legend; or lines of /proc/PID/maps. */
void map_print_table(const struct map *map);
void map_print_maps(const struct map *map);

#endif
