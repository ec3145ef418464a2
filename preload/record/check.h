/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_CHECK_H
#define PRELOAD_CHECK_H

/*
 * check - verify=each: the map is compared after every call
 *
 * Compared is the call's neighbourhood: what it may have touched, the areas on
 * either side, and the gaps between. It happens under the lock, right after the
 * call was recorded and read back where in doubt, so a difference names the call
 * after which it appeared. It goes into the ledger with what the kernel had, and
 * the map is made right: the next difference is another one.
 *
 * Calls that are made without the lock are not recorded yet: what they do is no
 * difference. While one of them is under way nothing can be said.
 */

#include "vma/vm_call.h"
#include "vma/vm_space.h"

/* Compares around @call, which was recorded, and whose doubts are resolved. With the lock held. */
void check_call(const struct vm_call *call, const struct vm_doubts *doubts);

#endif
