/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_RULES_EXPECT_H
#define AUDIT_RULES_EXPECT_H

/*
 * rules_expect - G02, where the program itself says what it relies on: ml_expect()
 */

#include "vma/vm_space.h"

struct audit;
struct change;

/* Looks at a call that has finished. */
void rules_expect(const struct change *change);

/* From here on the program relies on this. @event: the number of the last call before. */
int audit_expect(struct audit *audit, const struct vm_space *space, struct addr_range range,
		 uint64_t prot, uint64_t event);

#endif
