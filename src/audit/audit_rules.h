/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_AUDIT_RULES_H
#define AUDIT_AUDIT_RULES_H

/*
 * audit_rules - the table of all rules: what each is called, why it matters, how bad it is
 */

#include <stdbool.h>
#include <stdint.h>

enum audit_severity {
	AUDIT_NOTE,
	AUDIT_WARNING,
	AUDIT_ERROR,
	AUDIT_SEVERITIES,
};

const char *audit_severity_name(enum audit_severity severity);

/* The rules, by their places in audit_rules[]. The ids are for ever; the numbers here are not. */
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
 * What rules are told from outside.
 *
 * @max_map_count: the kernel's limit of mappings; 0: the usual 65530
 * @optional:      rules to be used that are not by default, bits 1 << place
 */
struct audit_options {
	uint64_t max_map_count;
	uint64_t optional;
};

#endif
