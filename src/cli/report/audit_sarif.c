/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "base/text_format.h"
#include "cli/report/audit_sarif.h"
#include "cli/text/output.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static const char *level(enum audit_severity severity)
{
	return audit_severity_name(severity); /* note, warning, error: SARIF's own words */
}

static void text_member(struct json *json, const char *key, const char *words)
{
	json_object(json, key);
	json_string(json, "text", words);
	json_end_object(json);
}

static void write_rule(struct json *json, const struct audit_rule *rule)
{
	json_object(json, NULL);
	json_string(json, "id", rule->id);
	json_string(json, "name", rule->name);
	text_member(json, "shortDescription", rule->title);
	text_member(json, "fullDescription", rule->why);
	text_member(json, "help", rule->fix);
	json_object(json, "defaultConfiguration");
	json_string(json, "level", level(rule->severity));
	json_bool(json, "enabled", !rule->optional);
	json_end_object(json);
	json_end_object(json);
}

static void write_tool(struct json *json)
{
	json_object(json, "tool");
	json_object(json, "driver");
	json_string(json, "name", "mapledger");
	json_string(json, "version", MAPLEDGER_VERSION);
	json_array(json, "rules");
	for (size_t i = 0; i < RULE_COUNT; i++)
		write_rule(json, &audit_rules[i]);
	json_end_array(json);
	json_end_object(json);
	json_end_object(json);
}

/* A file name as a URI: only what needs it is escaped. */
static void write_uri(struct json *json, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/+,@";
	struct text text;
	TEXT_ON_STACK(text, 1600);

	if (path[0] == '/')
		text_string(&text, "file://");
	for (; *path != '\0'; path++) {
		if (strchr(plain, *path) != NULL) {
			text_char(&text, *path);
			continue;
		}
		text_format(&text, "%%%02x", (unsigned char)*path);
	}
	json_string(json, "uri", text.buffer);
}

/* In a source file, where one is known; always as an address. */
static void write_place(struct json *json, const struct named_frame *frame)
{
	json_object(json, "physicalLocation");
	if (frame->file != NULL) {
		json_object(json, "artifactLocation");
		write_uri(json, frame->file);
		json_end_object(json);
		if (frame->line > 0) {
			json_object(json, "region");
			json_unsigned(json, "startLine", frame->line);
			json_end_object(json);
		}
	}
	json_object(json, "address");
	json_unsigned(json, "absoluteAddress", frame->pc);
	json_string(json, "name", frame->module);
	json_end_object(json);
	json_end_object(json);
}

static void write_function(struct json *json, const struct named_frame *frame)
{
	if (frame->function == NULL)
		return;
	json_array(json, "logicalLocations");
	json_object(json, NULL);
	json_string(json, "name", frame->function);
	json_string(json, "kind", "function");
	json_end_object(json);
	json_end_array(json);
}

/* NULL for @key: an element of an array. */
static void write_location(struct json *json, const char *key, const struct named_frame *frame)
{
	json_object(json, key);
	write_place(json, frame);
	write_function(json, frame);
	json_end_object(json);
}

static void write_locations(struct json *json, const struct audit_row *row)
{
	const struct named_frame *first = stack_first_frame(row->stack);

	json_array(json, "locations");
	if (first != NULL)
		write_location(json, NULL, first);
	json_end_array(json);
}

static void write_stack(struct json *json, const struct named_stack *stack, const char *words)
{
	json_object(json, NULL);
	text_member(json, "message", words);
	json_array(json, "frames");
	for (size_t i = 0; i < stack->n; i++) {
		const struct named_frame *frame = &stack->frames[i];

		json_object(json, NULL);
		json_string(json, "module", frame->module);
		write_location(json, "location", frame);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

static void write_stacks(struct json *json, const struct audit_row *row)
{
	json_array(json, "stacks");
	if (row->stack != NULL && row->stack->n > 0)
		write_stack(json, row->stack, "the call");
	if (row->victim_stack != NULL && row->victim_stack->n > 0)
		write_stack(json, row->victim_stack, "the mapping that was harmed");
	json_end_array(json);
}

static void write_suppressions(struct json *json, const struct audit_row *row)
{
	json_array(json, "suppressions");
	if (row->suppressed) {
		json_object(json, NULL);
		json_string(json, "kind", "external");
		json_end_object(json);
	}
	json_end_array(json);
}

static void write_result(struct json *json, const struct audit_row *row)
{
	const struct audit_finding *finding = row->finding;

	json_object(json, NULL);
	json_string(json, "ruleId", finding->rule->id);
	json_unsigned(json, "ruleIndex", (uint64_t)(finding->rule - audit_rules));
	json_string(json, "level", level(finding->severity));
	text_member(json, "message",
		    finding->message[0] != '\0' ? finding->message : finding->rule->title);
	write_locations(json, row);
	write_stacks(json, row);
	write_suppressions(json, row);
	json_object(json, "partialFingerprints");
	json_string(json, "mapledger/v1", row->fingerprint);
	json_end_object(json);
	if (finding->count > 0)
		json_unsigned(json, "occurrenceCount", finding->count);
	json_end_object(json);
}

static void write_sarif(FILE *file, const struct audit_report *report)
{
	struct json *json = json_create_on(file);

	json_object(json, NULL);
	json_string(json, "$schema", SCHEMA);
	json_string(json, "version", "2.1.0");
	json_array(json, "runs");
	json_object(json, NULL);
	write_tool(json);
	json_array(json, "results");
	for (size_t i = 0; i < report->n; i++)
		write_result(json, &report->rows[i]);
	json_end_array(json);
	json_end_object(json);
	json_end_array(json);
	json_end_object(json);
	json_destroy(json);
}

bool audit_write_sarif_file(const char *path, const struct audit_report *report)
{
	FILE *file = fopen(path, "we");

	if (file == NULL) {
		complain("can't write %s: %s", path, strerror(errno));
		return false;
	}
	write_sarif(file, report);
	if (fclose(file) == 0)
		return true;
	complain("can't write %s: %s", path, strerror(errno));
	return false;
}
