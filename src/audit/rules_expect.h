/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_RULES_EXPECT_H
#define AUDIT_RULES_EXPECT_H

/*
 * rules_expect - the rule G02: a call breaks what the program relies on, see ml_expect()
 */

#include "vma/vm_space.h"

struct audit;
struct change;

/* Looks at a call that has finished. */
void rules_expect(const struct change *change);

/* Notes what the program relies on from now on. @event: the number of the last call before. */
int audit_expect(struct audit *audit, const struct vm_space *space, struct addr_range range,
		 uint64_t prot, uint64_t event);

#endif
