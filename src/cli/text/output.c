/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/text/output.h"

static bool with_color;

void output_start(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			return;
}

void output_set_color(enum color_when when)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	with_color = when == COLOR_ALWAYS;
	if (when == COLOR_AUTO)
		with_color = isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') &&
			     term != NULL && strcmp(term, "dumb") != 0;
}

int output_finish(int code, int trouble)
{
	int error = 0;

	paint(PAINT_NONE);
	errno = 0;
	if (ferror(stdout) || fflush(stdout) != 0)
		error = errno != 0 ? errno : EIO;
	if (error == 0)
		return code;
	complain("can't write the output: %s", strerror(error));
	return trouble;
}

void paint(enum paint paint)
{
	static const char *const sequences[] = {
		[PAINT_NONE] = "\033[0m",  [PAINT_HEAD] = "\033[1m",  [PAINT_DANGER] = "\033[1;31m",
		[PAINT_TEXT] = "\033[32m", [PAINT_DATA] = "\033[33m", [PAINT_STACK] = "\033[36m",
		[PAINT_QUIET] = "\033[2m",
	};
	static enum paint now;

	if (!with_color || now == paint)
		return;
	fputs(sequences[PAINT_NONE], stdout);
	if (paint != PAINT_NONE)
		fputs(sequences[paint], stdout);
	now = paint;
}

void complain(const char *format, ...)
{
	static const char prefix[] = "mapledger: ";
	char line[6000] = "mapledger: ";
	size_t at = sizeof(prefix) - 1;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line + at, sizeof(line) - at - 1, format, args);
	va_end(args);
	if (len < 0)
		return;
	len = (int)strlen(line);
	for (int i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	fflush(stdout);
	/* One write, so that lines of several processes stay lines. */
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}

/* Columns of a UTF-8 string: continuation bytes take none. */
static size_t columns(const char *string)
{
	size_t n = 0;

	for (; *string != '\0'; string++)
		n += ((unsigned char)*string & 0xc0) != 0x80;
	return n;
}

void print_padded(const char *string, size_t width)
{
	size_t n = columns(string);

	fputs(string, stdout);
	for (; n < width; n++)
		putchar(' ');
}

size_t print_wrapped(FILE *file, const char *words, int indent, size_t max)
{
	size_t column = 0;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (column > 0 && column + 1 + len > max) {
			fputc('\n', file);
			column = 0;
		}
		fprintf(file, "%*s%.*s", column == 0 ? indent : 1, "", (int)len, words);
		column += (column > 0) + len;
		words += len + (words[len] == ' ');
	}
	return column;
}
