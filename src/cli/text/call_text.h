/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CALL_TEXT_H
#define CLI_CALL_TEXT_H

#include "base/text.h"
#include "vma/vm_call.h"

/*
 * call_text() - append a call in few columns
 *
 *     mmap(NULL, 8192, rw-, PRIVATE|ANONYMOUS) = 0x7f0000001000
 *     mprotect(0x7f0000001000, 4097, r--) = -1 ENOMEM
 *
 * vm_call_format() without what a reader of a map does not need: the prefixes
 * of constants, the descriptor and offset of anonymous memory, the text of an
 * error.
 */
void call_text(const struct vm_call *call, bool finished, struct text *text);

#endif
