/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

/*
 * audit - rules that turn history into findings
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
#include "ledger/ledger_trace.h"
#include "vma/vm_space.h"

enum audit_severity {
	AUDIT_NOTE,
	AUDIT_WARNING,
	AUDIT_ERROR,
	AUDIT_SEVERITIES,
};

const char *audit_severity_name(enum audit_severity severity);

/* Places in audit_rules[]. The ids are for ever; the numbers here are not. */
enum audit_rule_place {
	RULE_W01,
	RULE_W02,
	RULE_W03,
	RULE_W04,
	RULE_W05,
	RULE_W06,
	RULE_P01,
	RULE_P02,
	RULE_P03,
	RULE_P04,
	RULE_P05,
	RULE_P06,
	RULE_P07,
	RULE_U01,
	RULE_U02,
	RULE_U03,
	RULE_U04,
	RULE_U05,
	RULE_U06,
	RULE_U07,
	RULE_U08,
	RULE_U09,
	RULE_U10,
	RULE_L01,
	RULE_L02,
	RULE_L03,
	RULE_L04,
	RULE_L05,
	RULE_G01,
	RULE_G02,
	RULE_G03,
	RULE_A01,
	RULE_A02,
	RULE_A03,
	RULE_I01,
	RULE_I02,
	RULE_I03,
	RULE_COUNT,
};

/*
 * @id:       stable; in suppressions, in SARIF, on the command line
 * @name:     for programs: "writable-executable"
 * @title:    what is found, in a few words
 * @why:      why it matters, @fix: what to try; sentences
 * @optional: only when it is asked for
 */
struct audit_rule {
	const char *id;
	const char *name;
	enum audit_severity severity;
	const char *title;
	const char *why;
	const char *fix;
	bool optional;
};

extern const struct audit_rule audit_rules[RULE_COUNT];

/* NULL when there is no such rule. */
const struct audit_rule *audit_rule_find(const char *id);

/*
 * What a rule found. The same from the same call site is one finding, and counted.
 *
 * @event:   the first call that did it; 0: it is about the whole
 * @victim:  the event that had mapped what was harmed, 0: none or not known
 * @other:   another event that the message names, 0: none
 * @count:   how often; @last_event: the last of them
 * @n_pages: pages that it was about, in all
 * @message: one line
 */
struct audit_finding {
	const struct audit_rule *rule;
	enum audit_severity severity;
	uint64_t event;
	uint64_t ticks;
	uint32_t tid;
	uint32_t stack;
	uint64_t site;
	struct vm_call call;
	struct addr_range range;
	uint64_t victim;
	uint64_t other;
	uint64_t count;
	uint64_t last_event;
	uint64_t n_pages;
	char message[320];
};

/*
 * @max_map_count: the kernel's limit of mappings; 0: the usual 65530
 * @optional:      rules to be used that are not by default, bits 1 << place
 */
struct audit_options {
	uint64_t max_map_count;
	uint64_t optional;
};

/*
 * A call. @trace: the stack that made it, or NULL. @ranges: whole pages that it can
 * have changed.
 */
struct audit_event {
	uint64_t number;
	uint64_t ticks;
	bool finished;
	const struct vm_call *call;
	unsigned n_ranges;
	struct addr_range ranges[2];
	const struct ledger_trace *trace;
};

struct audit;

/* NULL when memory is short. */
struct audit *audit_create(const struct audit_options *options);
void audit_destroy(struct audit *audit);

/* Each returns 0 or -ENOMEM. */
int audit_before(struct audit *audit, const struct vm_space *space,
		 const struct audit_event *event);
int audit_after(struct audit *audit, const struct vm_space *space, const struct audit_event *event);
/* From here on the program relies on this. @event: the number of the last call before. */
int audit_expect(struct audit *audit, const struct vm_space *space, struct addr_range range,
		 uint64_t prot, uint64_t event);
int audit_end(struct audit *audit, const struct vm_space *space);

/*
 * A finding of the caller's own: of a crash, or about the ledger itself. @event may be
 * NULL. The message is cut to fit.
 */
int audit_add(struct audit *audit, enum audit_rule_place place, enum audit_severity severity,
	      const struct audit_event *event, struct addr_range range, const char *message);

/* Errors first, then in order of events. Valid until the next call. */
const struct audit_finding *audit_findings(struct audit *audit, size_t *n);

#endif
