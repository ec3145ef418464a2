/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include "base/text_format.h"
#include "query/words.h"
#include "vma/vm_flags.h"

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
	if (size % unit != 0)
		text_format(text, ".%" PRIu64, tenths % 10);
	text_char(text, units[i]);
}

/* @ns in units of @unit with three digits behind the point. */
static void text_thousandths(struct text *text, uint64_t ns, uint64_t unit)
{
	uint64_t rest = ns % unit / (unit / 1000);

	text_format(text, "%" PRIu64 ".%03" PRIu64, ns / unit, rest);
}

void text_duration(struct text *text, uint64_t ns)
{
	uint64_t minutes = ns / 60000000000;

	if (ns < 1000000) {
		text_format(text, "%" PRIu64 " us", ns / 1000);
	} else if (ns < 1000000000) {
		text_thousandths(text, ns, 1000000);
		text_string(text, " ms");
	} else if (minutes < 10) {
		text_thousandths(text, ns, 1000000000);
		text_string(text, " s");
	} else {
		if (minutes >= 60)
			text_format(text, "%" PRIu64 " h ", minutes / 60);
		text_format(text, "%" PRIu64 " min", minutes % 60);
	}
}

void text_count(struct text *text, uint64_t n, const char *noun)
{
	text_format(text, "%" PRIu64 " %s", n, noun);
	if (n != 1)
		text_char(text, 's');
}

void text_name(struct text *text, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c >= ' ' && c != 0x7f)
			text_char(text, (char)c);
		else
			text_format(text, "\\%03o", (unsigned)c);
	}
}

void text_perm(struct text *text, uint64_t flags)
{
	text_format(text, "%c%c%c%c", flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		    flags & VM_EXEC ? 'x' : '-', flags & VM_SHARED ? 's' : 'p');
}

void text_percent(struct text *text, uint64_t part, uint64_t whole)
{
	uint64_t tenths = whole == 0 ? 1000 : (uint64_t)((__uint128_t)part * 1000 / whole);

	text_decimal(text, tenths / 10);
	if (tenths != 1000)
		text_format(text, ".%" PRIu64, tenths % 10);
	text_string(text, " %");
}
