/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include "base/seccomp.h"
#include "base/sys.h"
#include "base/text.h"

/* The number behind a word at the start of a line of /proc/PID/status. */
static uint64_t find_number(const char *text, const char *end, const char *word)
{
	size_t len = text_length(word);
	uint64_t number = 0;

	for (const char *line = text; line < end; line++) {
		size_t i = 0;

		while (i < len && line + i < end && line[i] == word[i])
			i++;
		if (i == len) {
			line += len;
			while (line < end && (*line == '\t' || *line == ' '))
				line++;
			return text_parse_decimal(&line, end, &number) ? number : 0;
		}
		while (line < end && *line != '\n')
			line++;
	}
	return 0;
}

uint64_t seccomp_filters(void)
{
	static char status[4096];
	int fd = (int)sys_openat(AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC, 0);
	uint64_t n_filters;
	long n;

	if (fd < 0)
		return 0;
	n = sys_read(fd, status, sizeof(status));
	sys_close(fd);
	if (n <= 0)
		return 0;
	n_filters = find_number(status, status + n, "Seccomp_filters:"); /* since 5.9 */
	if (n_filters == 0 && find_number(status, status + n, "Seccomp:") == 2)
		return 1;
	return n_filters;
}
