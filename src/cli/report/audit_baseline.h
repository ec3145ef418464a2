/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_AUDIT_BASELINE_H
#define CLI_AUDIT_BASELINE_H

/*
 * audit_baseline - findings of an older run, read from a SARIF file, that are not counted again
 */

#include <stdbool.h>
#include <stddef.h>

struct baseline {
	char (*prints)[24]; /* fingerprints, see struct audit_row */
	size_t n;
};

/* Reads the fingerprints of a SARIF file. Return: false after a complaint. */
bool baseline_read(struct baseline *baseline, const char *path);
bool baseline_has(const struct baseline *baseline, const char *fingerprint);
void baseline_free(struct baseline *baseline);

#endif
