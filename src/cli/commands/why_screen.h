/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHY_SCREEN_H
#define CLI_WHY_SCREEN_H

/*
 * why_screen - what `mapledger why' prints of one place: the headline, then its events
 */

#include "cli/commands/why.h"

/* On stdout. */
void why_print(const struct why *why);

#endif
