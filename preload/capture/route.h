/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_ROUTE_H
#define PRELOAD_ROUTE_H

/*
 * route - what is done with a system call that was caught at its instruction
 *
 * By the role of the call (sites/call_table.h): handed to the recorder, answered here, looked
 * at on its way, or made by the program's own instruction.
 */

#include <stdint.h>

/* Searches all code for call sites, before main(), and serves the calls that reach them. */
void route_start(void);

/* Learns from a prctl, however it was caught, what others than the recorder must know. */
void route_prctl(const uint64_t args[6]);

#endif
