/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "cli/commands/info_text.h"
#include "cli/text/call_text.h"
#include "cli/text/word.h"
#include "query/words.h"

void info_say_command(const struct ledger_header *header, struct text *text)
{
	size_t len = header->command_len;

	if (len > sizeof(header->command))
		len = sizeof(header->command);
	while (len > 0 && header->command[len - 1] == '\0')
		len--;
	for (size_t i = 0; i < len; i++)
		text_name(text, header->command[i] != '\0' ? &header->command[i] : " ", 1);
	if (header->command_len > sizeof(header->command))
		text_string(text, " ...");
	if (len == 0)
		text_char(text, '?');
}

void info_say_verdict(const struct info *info, struct text *text)
{
	uint64_t unexplained = vm_comparison_unexplained(&info->findings.comparison);

	if (info->findings.n_checks_different > 0) {
		text_format(text, "%s with a difference from the kernel's map: mapledger verify",
			    count_word(info->findings.n_checks_different, "call").s);
	} else if (info->findings.with == COMPARED_NOTHING) {
		text_string(text, "not verified");
	} else if (unexplained == 0) {
		text_string(text, "verified equal to the kernel's map");
		if (info->findings.with == COMPARED_EARLIER)
			text_format(text, " after #%" PRIu64 ", not at its end",
				    info->findings.event);
	} else {
		text_format(text, "%s from the kernel's map: mapledger verify",
			    count_word(unexplained, "difference").s);
	}
}

void info_say_time(uint64_t realtime_ns, struct text *text)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	char buffer[64];
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		strcpy(buffer, "?");
	text_string(text, buffer);
}

void info_say_field(struct text *text, const char *field, size_t size)
{
	size_t len = strnlen(field, size);

	if (len > 0)
		text_name(text, field, len);
	else
		text_char(text, '?');
}

void info_say_calls(const struct replay_counts *counts, struct text *text)
{
	bool said[VM_OP_COUNT] = { false };

	for (;;) {
		unsigned best = VM_OP_NONE;

		for (unsigned op = VM_OP_NONE + 1; op < VM_OP_COUNT; op++)
			if (!said[op] && counts->by_op[op] > 0 &&
			    (best == VM_OP_NONE || counts->by_op[op] > counts->by_op[best]))
				best = op;
		if (best == VM_OP_NONE)
			break;
		said[best] = true;
		if (text->len > 0)
			text_string(text, ", ");
		text_format(text, "%" PRIu64 " %s", counts->by_op[best], vm_op_info(best)->name);
	}
	if (text->len == 0)
		text_string(text, "none");
}

void info_say_tiers(const struct replay_counts *counts, struct text *text)
{
	for (unsigned tier = 0; tier < VM_TIER_COUNT; tier++) {
		if (counts->by_tier[tier] == 0)
			continue;
		if (text->len > 0)
			text_string(text, ", ");
		text_format(text, "%" PRIu64 " by %s", counts->by_tier[tier], vm_tier_name(tier));
	}
	if (counts->n_nested > 0) {
		text_format(text, "; %" PRIu64 " in signal handlers", counts->n_nested);
	}
	if (counts->n_unordered > 0) {
		text_format(text, "; %" PRIu64 " whose order is not known", counts->n_unordered);
	}
}

static const char *site_state_text(unsigned state)
{
	switch (state) {
	case LEDGER_SITE_PATCHED:
		return "patched";
	case LEDGER_SITE_FOREIGN:
		return "changed by somebody else";
	case LEDGER_SITE_TOO_FAR:
		return "too far away";
	case LEDGER_SITE_UNWRITABLE:
		return "not writable";
	case LEDGER_SITE_NO_STUB:
		return "too many";
	case LEDGER_SITE_UNPROVEN:
		return "perhaps no code";
	case LEDGER_SITE_TIGHT:
		return "no room for a jump";
	case LEDGER_SITE_RUNNING:
		return "running already";
	}
	return "unknown";
}

void info_say_sites(const struct replay_counts *counts, struct text *text)
{
	const char *separator = ": ";

	text_format(text, "%" PRIu64 " found", info_count_sites(counts));
	for (unsigned i = 0; i < sizeof(counts->n_sites) / sizeof(counts->n_sites[0]); i++) {
		if (counts->n_sites[i] == 0)
			continue;
		text_format(text, "%s%" PRIu64 " %s", separator, counts->n_sites[i],
			    site_state_text(i));
		separator = ", ";
	}
}

void info_say_resyncs(const struct replay_counts *counts, struct text *text)
{
	for (unsigned i = 0; i < VM_REASON_COUNT; i++) {
		if (counts->resyncs[i] == 0 || i == VM_REASON_CHECKPOINT)
			continue;
		if (text->len > 0)
			text_string(text, ", ");
		text_format(text, "%" PRIu64 " %s", counts->resyncs[i], vm_reason_name(i));
	}
	if (text->len == 0)
		text_string(text, "none");
}

void info_say_checks(const struct info *info, struct text *text)
{
	const struct ledger_header *header = info->view->header;
	const struct vm_call *first = &info->findings.first_check;

	text_format(text, "%s compared at once, %" PRIu64 " differed",
		    count_word(header->n_checks, "call").s, info->findings.n_checks_different);
	if (header->n_checks_busy > 0) {
		text_format(text, "; %" PRIu64 " not compared while others went round the lock",
			    header->n_checks_busy);
	}
	if (header->n_checks_blind > 0) {
		text_format(text,
			    "; %" PRIu64 " not compared because the kernel could not be asked",
			    header->n_checks_blind);
	}
	if (info->findings.n_checks_different == 0)
		return;
	text_format(text, "; first difference after #%" PRIu64 " ", first->event);
	call_text(first, true, text);
}

void info_say_parent(const struct info *info, struct text *text)
{
	static const char *const words[] = {
		[LEDGER_LINK_FORK] = "forked by pid ",
		[LEDGER_LINK_EXEC] = "executed by pid ",
		[LEDGER_LINK_SPAWN] = "started by pid ",
	};
	const struct ledger_header *header = info->view->header;

	if (header->link == LEDGER_LINK_NONE || header->link > LEDGER_LINK_SPAWN) {
		text_format(text, "pid %" PRIu32, header->ppid);
		return;
	}
	text_format(text, "%s%" PRIu32, words[header->link],
		    header->link == LEDGER_LINK_EXEC ? header->pid : header->ppid);
	if (header->link == LEDGER_LINK_FORK)
		text_format(text, " after its event #%" PRIu64, header->parent_event);
	if (info->has_parent) {
		text_string(text, ", in ");
		text_name(text, info->parent, strlen(info->parent));
	}
}

void info_say_file(const struct info *info, struct text *text)
{
	const struct ledger_view *view = info->view;

	text_name(text, view->name, strlen(view->name));
	text_format(text, ", %s (%s on disk)", size_word(info->size, info->options->common.bytes).s,
		    size_word(info->disk_size, info->options->common.bytes).s);
	if (view->first_event <= 1)
		return;
	text_format(text, "; events #1 to #%" PRIu64 " were overwritten", view->first_event - 1);
}
