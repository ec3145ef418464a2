/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

/*
 * json - writes JSON, one object per line
 *
 * Addresses are hexadecimal strings ("0x7f0000001000"), because many readers
 * keep numbers as doubles; counts, sizes and times are numbers. Names are made
 * valid UTF-8: every byte that is not part of it becomes U+FFFD.
 *
 * A NULL key means an element of an array.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json;

/* Makes a writer of JSON: to stdout, or to a file. */
struct json *json_create(void);
struct json *json_create_on(FILE *file);
void json_destroy(struct json *json);

void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end_array(struct json *json);

/* Ends an object; the end of the outermost one is the end of the line. */
void json_end_object(struct json *json);

/* Writes a string; NULL becomes null. */
void json_string(struct json *json, const char *key, const char *value);
void json_bytes(struct json *json, const char *key, const char *value, size_t len);
void json_address(struct json *json, const char *key, uint64_t value);
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
void json_perm(struct json *json, const char *key, uint64_t flags);

#endif
