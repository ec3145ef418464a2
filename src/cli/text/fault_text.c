/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include "base/text_format.h"
#include "cli/text/fault_text.h"

/* Newer than glibc 2.36: see asm-generic/siginfo.h. */
#ifndef SEGV_MTEAERR
#define SEGV_MTEAERR 8
#define SEGV_MTESERR 9
#endif
#ifndef SEGV_CPERR
#define SEGV_CPERR 10
#endif

struct code_row {
	uint32_t signal; /* 0: any */
	int32_t code;
	const char *name;
};

static const struct code_row codes[] = {
	{ SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR" },
	{ SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR" },
	{ SIGSEGV, SEGV_BNDERR, "SEGV_BNDERR" },
	{ SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR" },
	{ SIGSEGV, SEGV_MTEAERR, "SEGV_MTEAERR" },
	{ SIGSEGV, SEGV_MTESERR, "SEGV_MTESERR" },
	{ SIGSEGV, SEGV_CPERR, "SEGV_CPERR" },
	{ SIGBUS, BUS_ADRALN, "BUS_ADRALN" },
	{ SIGBUS, BUS_ADRERR, "BUS_ADRERR" },
	{ SIGBUS, BUS_OBJERR, "BUS_OBJERR" },
	{ SIGBUS, BUS_MCEERR_AR, "BUS_MCEERR_AR" },
	{ SIGBUS, BUS_MCEERR_AO, "BUS_MCEERR_AO" },
	{ 0, SI_KERNEL, "SI_KERNEL" },
	{ 0, SI_USER, "SI_USER" },
	{ 0, SI_QUEUE, "SI_QUEUE" },
	{ 0, SI_TIMER, "SI_TIMER" },
	{ 0, SI_MESGQ, "SI_MESGQ" },
	{ 0, SI_ASYNCIO, "SI_ASYNCIO" },
	{ 0, SI_TKILL, "SI_TKILL" },
};

const char *fault_code_name(const struct ledger_fault *fault)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == fault->code &&
		    (codes[i].signal == 0 || codes[i].signal == fault->signal))
			return codes[i].name;
	return NULL;
}

const char *fault_access_name(const struct ledger_fault *fault)
{
	switch (fault->access) {
	case LEDGER_ACCESS_READ:
		return "read";
	case LEDGER_ACCESS_WRITE:
		return "write";
	case LEDGER_ACCESS_EXECUTE:
		return "execute";
	}
	return NULL;
}

void text_signal(struct text *text, uint32_t number)
{
	const char *name = number < NSIG ? sigabbrev_np((int)number) : NULL;

	text_string(text, "SIG");
	if (name != NULL)
		text_string(text, name);
	else
		text_decimal(text, number);
}

static void text_what(struct text *text, const struct ledger_fault *fault)
{
	const char *access = fault_access_name(fault);

	if (fault->code <= 0) {
		text_format(text, ", sent by process %" PRIu32, fault->sender_pid);
	} else if (fault->code != SI_KERNEL) {
		text_format(text, ", %s%s%" PRIx64, access != NULL ? access : "access",
			    fault->access == LEDGER_ACCESS_READ ? " of 0x" : " to 0x",
			    fault->address);
	}
}

void fault_text(struct text *text, const struct ledger_view *view)
{
	const struct ledger_fault *fault = &view->header->fault;
	const char *code = fault_code_name(fault);

	text_string(text, "killed by ");
	text_signal(text, fault->signal);
	if (code != NULL)
		text_format(text, " (%s)", code);
	text_what(text, fault);
	text_format(text, ", after #%" PRIu64, fault->event);
}

void fault_json(struct json *json, const char *key, const struct ledger_view *view)
{
	const struct ledger_fault *fault = &view->header->fault;
	struct text signal;
	TEXT_ON_STACK(signal, 32);

	if (!fault_is_met(fault)) {
		json_null(json, key);
		return;
	}
	text_signal(&signal, fault->signal);
	json_object(json, key);
	json_string(json, "signal", signal.buffer);
	json_string(json, "code", fault_code_name(fault));
	json_signed(json, "code_number", fault->code);
	json_unsigned(json, "event", fault->event);
	json_unsigned(json, "time_ns", ledger_reader_time_ns(view->reader, fault->ticks));
	json_unsigned(json, "tid", fault->tid);
	json_string(json, "thread", fault->thread_name);
	json_string(json, "access", fault_access_name(fault));
	json_address(json, "address", fault->address);
	json_address(json, "pc", fault->pc);
	json_address(json, "sp", fault->sp);
	json_unsigned(json, "sender_pid", fault->sender_pid);
	json_array(json, "frames");
	for (unsigned i = 0; i < fault->n_frames; i++)
		json_address(json, NULL, fault->frames[i]);
	json_end_array(json);
	json_end_object(json);
}
