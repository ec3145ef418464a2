/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include "cli/commands/log_csv.h"
#include "vma/vm_call_format.h"

void log_print_csv_head(void)
{
	puts("event,time_ns,tid,call,start,size,result,errno,effect,changed_bytes,text");
}

/* In quotes, and a quote twice (RFC 4180). */
static void print_quoted(const char *string)
{
	putchar('"');
	for (; *string != '\0'; string++) {
		if (*string == '"')
			putchar('"');
		putchar(*string);
	}
	putchar('"');
}

void log_print_csv(struct log *log, const struct history_event *line)
{
	const struct vm_call *call = &line->call;
	bool failed = vm_call_failed(call);
	struct text text, effect;

	TEXT_ON_STACK(text, 600);
	TEXT_ON_STACK(effect, 500);
	vm_call_format(&text, call, line->finished);
	log_describe(log, line, &effect);
	printf("%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",%s,", line->number,
	       ledger_reader_time_ns(log->view->reader, call->ticks), call->tid,
	       vm_op_info(call->op)->name);
	if (line->touch.n > 0)
		printf("0x%" PRIx64 ",%" PRIu64 ",", line->touch.range[0].start,
		       line->touch.range[0].end - line->touch.range[0].start);
	else
		fputs(",,", stdout);
	if (line->finished && !failed)
		printf("0x%" PRIx64, (uint64_t)call->result);
	putchar(',');
	if (line->finished && failed)
		printf("%" PRId64, -call->result);
	putchar(',');
	print_quoted(effect.buffer);
	printf(",%" PRIu64 ",", effect_changed_bytes(&line->before, &line->after, &line->touch));
	print_quoted(text.buffer);
	putchar('\n');
}
