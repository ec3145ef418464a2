/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EFFECT_TEXT_H
#define CLI_EFFECT_TEXT_H

/*
 * effect_text - what a call did to the map, in a few words
 */

#include "query/effect.h"

/**
 * effect_describe() - append the effect of a call on the map, in words
 * @brk_before: of the space
 * @exact: sizes in bytes
 *
 * Nothing is written when the call has no effect to speak of, as with madvise.
 */
void effect_describe(const struct vm_call *call, bool finished, const struct touch *touch,
		     const struct effect_pieces *before, const struct effect_pieces *after,
		     uint64_t brk_before, bool exact, struct text *text);

#endif
