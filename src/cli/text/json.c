/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include "cli/text/json.h"
#include "cli/text/output.h"
#include "query/heap.h"
#include "query/words.h"

struct json {
	yajl_gen gen;
	FILE *file;
	unsigned depth;
};

/* U+007F to U+009F, which a terminal may obey and yajl does not escape: only strings have them. */
static unsigned control_at(const unsigned char *at, size_t len)
{
	if (at[0] == 0x7f)
		return at[0];
	return at[0] == 0xc2 && len > 1 && at[1] >= 0x80 && at[1] <= 0x9f ? at[1] : 0;
}

static void print(void *context, const char *text, size_t len)
{
	const unsigned char *from = (const unsigned char *)text, *end = from + len;

	for (const unsigned char *at = from; at < end; at++) {
		unsigned control = control_at(at, (size_t)(end - at));

		if (control == 0)
			continue;
		fwrite(from, 1, (size_t)(at - from), context);
		fprintf(context, "\\u%04x", control);
		at += control > 0x7f;
		from = at + 1;
	}
	fwrite(from, 1, (size_t)(end - from), context);
}

struct json *json_create(void)
{
	return json_create_on(stdout);
}

struct json *json_create_on(FILE *file)
{
	struct json *json = heap_array(1, sizeof(*json));

	json->gen = yajl_gen_alloc(NULL);
	if (json->gen == NULL)
		heap_exhausted();
	yajl_gen_config(json->gen, yajl_gen_print_callback, print, file);
	json->file = file;
	return json;
}

void json_destroy(struct json *json)
{
	if (json == NULL)
		return;
	yajl_gen_free(json->gen);
	free(json);
}

/*
 * Length of the UTF-8 sequence at @at, or 0 when there is none: shortest form
 * only, no surrogates, up to U+10FFFF.
 */
static size_t utf8_length(const unsigned char *at, size_t len)
{
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t need;

	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		need = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		need = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (at[0] == 0xe0)
		low = 0xa0;
	if (at[0] == 0xed)
		high = 0x9f;
	if (at[0] == 0xf0)
		low = 0x90;
	if (at[0] == 0xf4)
		high = 0x8f;
	if (len < need || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return need;
}

static void emit_repaired(struct json *json, const unsigned char *bytes, size_t len)
{
	unsigned char *repaired = heap_array(3 * len, 1);
	size_t out = 0;

	for (size_t at = 0; at < len;) {
		size_t n = utf8_length(bytes + at, len - at);

		memcpy(repaired + out, n > 0 ? bytes + at : (const unsigned char *)"\xef\xbf\xbd",
		       n > 0 ? n : 3);
		out += n > 0 ? n : 3;
		at += n > 0 ? n : 1;
	}
	yajl_gen_string(json->gen, repaired, out);
	free(repaired);
}

static void emit_key(struct json *json, const char *key)
{
	if (key != NULL)
		yajl_gen_string(json->gen, (const unsigned char *)key, strlen(key));
}

void json_object(struct json *json, const char *key)
{
	emit_key(json, key);
	yajl_gen_map_open(json->gen);
	json->depth++;
}

void json_end_object(struct json *json)
{
	yajl_gen_map_close(json->gen);
	json->depth--;
	if (json->depth == 0) {
		fputc('\n', json->file);
		yajl_gen_reset(json->gen, NULL);
	}
}

void json_array(struct json *json, const char *key)
{
	emit_key(json, key);
	yajl_gen_array_open(json->gen);
	json->depth++;
}

void json_end_array(struct json *json)
{
	yajl_gen_array_close(json->gen);
	json->depth--;
}

void json_bytes(struct json *json, const char *key, const char *value, size_t len)
{
	emit_key(json, key);
	emit_repaired(json, (const unsigned char *)value, len);
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (value == NULL)
		json_null(json, key);
	else
		json_bytes(json, key, value, strlen(value));
}

void json_address(struct json *json, const char *key, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "0x%" PRIx64, value);
	json_string(json, key, digits);
}

/* yajl's own integers are signed. */
void json_unsigned(struct json *json, const char *key, uint64_t value)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);

	emit_key(json, key);
	yajl_gen_number(json->gen, digits, (size_t)len);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
	emit_key(json, key);
	yajl_gen_integer(json->gen, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	emit_key(json, key);
	yajl_gen_bool(json->gen, value);
}

void json_null(struct json *json, const char *key)
{
	emit_key(json, key);
	yajl_gen_null(json->gen);
}

void json_perm(struct json *json, const char *key, uint64_t flags)
{
	struct text perm;
	TEXT_ON_STACK(perm, 8);

	text_perm(&perm, flags);
	json_string(json, key, perm.buffer);
}
