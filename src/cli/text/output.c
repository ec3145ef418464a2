/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/text/output.h"
#include "vma/vm_flags.h"

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

int output_finish(int code)
{
	int error = 0;

	paint(PAINT_NONE);
	errno = 0;
	if (ferror(stdout) || fflush(stdout) != 0)
		error = errno != 0 ? errno : EIO;
	if (error == 0)
		return code;
	complain("can't write the output: %s", strerror(error));
	return CLI_TROUBLE;
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

void text_size(struct text *text, uint64_t size, bool exact)
{
	static const char units[] = "KMGTPE";
	uint64_t unit = 1024;
	uint64_t tenths;
	int i = 0;

	if (exact || size < 1024) {
		text_decimal(text, size);
		return;
	}
	for (; units[i + 1] != '\0' && size / 1024 >= unit; i++)
		unit *= 1024;
	tenths = size % unit / (unit / 1024) * 10;
	tenths = size / unit * 10 + (tenths + 512) / 1024;
	if (tenths >= 10240 && units[i + 1] != '\0') {
		tenths = 10;
		i++;
	}
	text_decimal(text, tenths / 10);
	if (size % unit != 0) {
		text_char(text, '.');
		text_decimal(text, tenths % 10);
	}
	text_char(text, units[i]);
}

/* @ns in units of @unit with three digits behind the point. */
static void text_thousandths(struct text *text, uint64_t ns, uint64_t unit)
{
	uint64_t rest = ns % unit / (unit / 1000);

	text_decimal(text, ns / unit);
	text_char(text, '.');
	text_char(text, (char)('0' + rest / 100));
	text_char(text, (char)('0' + rest / 10 % 10));
	text_char(text, (char)('0' + rest % 10));
}

void text_duration(struct text *text, uint64_t ns)
{
	uint64_t minutes = ns / 60000000000;

	if (ns < 1000000) {
		text_decimal(text, ns / 1000);
		text_string(text, " us");
	} else if (ns < 1000000000) {
		text_thousandths(text, ns, 1000000);
		text_string(text, " ms");
	} else if (minutes < 10) {
		text_thousandths(text, ns, 1000000000);
		text_string(text, " s");
	} else {
		if (minutes >= 60) {
			text_decimal(text, minutes / 60);
			text_string(text, " h ");
		}
		text_decimal(text, minutes % 60);
		text_string(text, " min");
	}
}

void text_count(struct text *text, uint64_t n, const char *noun)
{
	text_decimal(text, n);
	text_char(text, ' ');
	text_string(text, noun);
	if (n != 1)
		text_char(text, 's');
}

void text_name(struct text *text, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c >= ' ' && c != 0x7f) {
			text_char(text, (char)c);
			continue;
		}
		text_char(text, '\\');
		text_char(text, (char)('0' + (c >> 6)));
		text_char(text, (char)('0' + (c >> 3 & 7)));
		text_char(text, (char)('0' + (c & 7)));
	}
}

void text_perm(struct text *text, uint64_t flags)
{
	text_char(text, flags & VM_READ ? 'r' : '-');
	text_char(text, flags & VM_WRITE ? 'w' : '-');
	text_char(text, flags & VM_EXEC ? 'x' : '-');
	text_char(text, flags & VM_SHARED ? 's' : 'p');
}

void text_percent(struct text *text, uint64_t part, uint64_t whole)
{
	uint64_t tenths = whole == 0 ? 1000 : (uint64_t)((__uint128_t)part * 1000 / whole);

	text_decimal(text, tenths / 10);
	if (tenths != 1000) {
		text_char(text, '.');
		text_decimal(text, tenths % 10);
	}
	text_string(text, " %");
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
