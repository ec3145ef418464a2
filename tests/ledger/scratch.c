/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "scratch.h"

static char directory[64];
static char path[96];

const char *scratch_path(void)
{
	if (path[0] != '\0')
		return path;
	snprintf(directory, sizeof(directory), "/tmp/ledger-test-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/ledger", directory);
	return path;
}

void scratch_remove(void)
{
	if (path[0] == '\0')
		return;
	unlink(path);
	rmdir(directory);
	path[0] = '\0';
}

uint8_t *scratch_load(size_t max, size_t *size)
{
	FILE *file = fopen(scratch_path(), "rb");
	uint8_t *bytes = malloc(max);

	cr_assert(file != NULL && bytes != NULL);
	*size = fread(bytes, 1, max, file);
	fclose(file);
	return bytes;
}
