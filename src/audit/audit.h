/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

/*
 * audit - rules that find mistakes in the recorded calls
 *
 * Whoever folds a ledger shows each call to the audit twice: before it, with the
 * map as it was, and after it, with the map as it became. In between the audit
 * keeps what lay in the ranges that the call is about, so that a rule sees both.
 * In the end it looks at what is left.
 *
 *     audit_before(call, map)  ->  the call is folded  ->  audit_after(call, map)
 *                                                              |
 *       rules_memory.c  rules_protect.c  rules_lifetime.c  rules_limits.c  rules_expect.c
 *                                                              |
 *                                                         findings, one per rule and call site
 *
 * Owners. Rules about what belongs to somebody ask for the owner of a call: the
 * module of the first frame of its stack that is not libc, the loader, the C++
 * library or an allocator (owner.c). A call without a stack has no owner, and such
 * rules are silent about it. What libc and the loader do among themselves is
 * theirs to know: rules are silent about that, too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "audit/finding.h"
#include "vma/vm_space.h"

struct audit;

/* Makes an audit; NULL when memory is short. */
struct audit *audit_create(const struct audit_options *options);
void audit_destroy(struct audit *audit);

/* Show the audit a call before and after it is folded, and the map at the end. Return: 0 or
 * -ENOMEM. */
int audit_before(struct audit *audit, const struct vm_space *space,
		 const struct audit_event *event);
int audit_after(struct audit *audit, const struct vm_space *space, const struct audit_event *event);
int audit_end(struct audit *audit, const struct vm_space *space);

#endif
