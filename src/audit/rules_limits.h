/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_RULES_LIMITS_H
#define AUDIT_RULES_LIMITS_H

/*
 * rules_limits - the rules L (limits and leaks), A (layout), U08 (calls that failed) and G01
 * (stacks without guard)
 */

struct audit;
struct change;
struct vm_space;

/* Looks at a call that has finished. */
void rules_limits(const struct change *change);
/* Looks at what is left in the end. */
void rules_limits_end(struct audit *audit, const struct vm_space *space);

#endif
