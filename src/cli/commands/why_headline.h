/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHY_HEADLINE_H
#define CLI_WHY_HEADLINE_H

/*
 * why_headline - the first sentence of `mapledger why': what is there, and since when
 */

#include "cli/commands/why.h"

/*
 * Appends the headline: "0x7f12040 is rw-p, anonymous memory: mapped by #3 mmap (main demo.c:11)".
 */
void why_say_headline(const struct why *why, struct text *text);

#endif
