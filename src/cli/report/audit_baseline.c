/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>
#include "cli/report/audit_baseline.h"
#include "cli/text/output.h"
#include "query/heap.h"

#define BASELINE_MAX (64u << 20)

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "re");
	char *bytes = NULL;
	size_t n = 0, size = 0;

	while (file != NULL && !feof(file) && !ferror(file) && size < BASELINE_MAX) {
		bytes = heap_resize(bytes, size + 65536 + 1, 1);
		n = fread(bytes + size, 1, 65536, file);
		size += n;
	}
	if (file == NULL || ferror(file)) {
		complain("can't read the baseline %s: %s", path, strerror(errno));
		free(bytes);
		bytes = NULL;
	}
	if (file != NULL)
		fclose(file);
	if (bytes != NULL)
		bytes[size] = '\0';
	return bytes;
}

static void add_print(struct baseline *baseline, const char *print)
{
	baseline->prints =
		heap_resize(baseline->prints, baseline->n + 1, sizeof(*baseline->prints));
	snprintf(baseline->prints[baseline->n++], sizeof(*baseline->prints), "%s", print);
}

static void take_results(struct baseline *baseline, yajl_val results)
{
	static const char *const path[] = { "partialFingerprints", "mapledger/v1", NULL };

	for (size_t i = 0; YAJL_IS_ARRAY(results) && i < results->u.array.len; i++) {
		yajl_val print = yajl_tree_get(results->u.array.values[i], (const char **)path,
					       yajl_t_string);

		if (print != NULL)
			add_print(baseline, YAJL_GET_STRING(print));
	}
}

static bool take_runs(struct baseline *baseline, yajl_val root, const char *path)
{
	static const char *const runs_path[] = { "runs", NULL };
	static const char *const results_path[] = { "results", NULL };
	yajl_val runs = yajl_tree_get(root, (const char **)runs_path, yajl_t_array);

	if (runs == NULL) {
		complain("the baseline %s is no SARIF file: it has no runs", path);
		return false;
	}
	for (size_t i = 0; i < runs->u.array.len; i++)
		take_results(baseline, yajl_tree_get(runs->u.array.values[i],
						     (const char **)results_path, yajl_t_array));
	return true;
}

bool baseline_read(struct baseline *baseline, const char *path)
{
	char wrong[200] = "";
	char *bytes = read_all(path);
	yajl_val root = bytes != NULL ? yajl_tree_parse(bytes, wrong, sizeof(wrong)) : NULL;
	bool good = false;

	if (bytes != NULL && root == NULL) {
		wrong[strcspn(wrong, "\n")] = '\0';
		complain("the baseline %s is no SARIF file: %s", path, wrong);
	}
	if (root != NULL)
		good = take_runs(baseline, root, path);
	yajl_tree_free(root);
	free(bytes);
	return good;
}

bool baseline_has(const struct baseline *baseline, const char *fingerprint)
{
	for (size_t i = 0; i < baseline->n; i++)
		if (strcmp(baseline->prints[i], fingerprint) == 0)
			return true;
	return false;
}

void baseline_free(struct baseline *baseline)
{
	free(baseline->prints);
	*baseline = (struct baseline){ 0 };
}
