/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_RULES_MEMORY_H
#define AUDIT_RULES_MEMORY_H

/*
 * rules_memory - the rules W, about memory that is written and executed; and P07, W04 for data
 */

struct audit;
struct change;
struct vm_space;

/* Looks at a call that has finished. */
void rules_memory(const struct change *change);
/* Looks at what is left in the end. */
void rules_memory_end(struct audit *audit, const struct vm_space *space);

#endif
