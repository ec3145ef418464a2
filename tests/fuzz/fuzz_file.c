/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz_file.h"
#include "fuzz_world.h"

void fuzz_file_write(FILE *out, const struct fuzz_setup *setup, const struct fuzz_call *calls,
		     uint32_t n)
{
	char line[512];

	if (setup->personality != 0)
		fprintf(out, "personality 0x%x\n", setup->personality);
	if (setup->by_text)
		fprintf(out, "ask text\n");
	for (uint32_t i = 0; i < n; i++) {
		fuzz_call_format(&calls[i], line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
}

static bool read_line(char *line, struct fuzz_setup *setup, struct fuzz_call *calls, uint32_t *n)
{
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return true;
	if (sscanf(line, "personality %x", &setup->personality) == 1)
		return true;
	if (strcmp(line, "ask text") == 0) {
		setup->by_text = 1;
		return true;
	}
	return *n < FUZZ_CALLS_MAX && fuzz_call_parse(line, &calls[(*n)++]);
}

bool fuzz_file_read(const char *path, struct fuzz_setup *setup, struct fuzz_call *calls,
		    uint32_t *n)
{
	FILE *in = fopen(path, "r");
	char line[1024];
	bool good = in != NULL;
	unsigned number = 0;

	*setup = (struct fuzz_setup){ .n_window = FUZZ_WINDOW_PAGES };
	*n = 0;
	if (in == NULL) {
		fprintf(stderr, "fuzz_vma: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), in) != NULL) {
		number++;
		good = read_line(line, setup, calls, n);
		if (!good)
			fprintf(stderr, "fuzz_vma: %s:%u: not a call: %s\n", path, number, line);
	}
	fclose(in);
	return good;
}
