/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include "base/text_format.h"
#include "cli/text/area_text.h"
#include "cli/text/crash_text.h"
#include "cli/text/fault_text.h"
#include "cli/text/view_text.h"
#include "query/area_kind.h"
#include "query/words.h"
#include "vma/vm_errno.h"

/* ------------------------------------------------------------------------ words */

static const char *const kind_names[CRASH_KIND_COUNT] = {
	[CRASH_REFUSED] = "refused",	[CRASH_GUARD_REGION] = "guard-region",
	[CRASH_KEY] = "protection-key", [CRASH_STACK_OVERFLOW] = "stack-overflow",
	[CRASH_UNMAPPED] = "unmapped",	[CRASH_NULL] = "null",
	[CRASH_NEVER] = "never-mapped", [CRASH_PAST_END] = "past-end-of-file",
	[CRASH_BUS] = "bus-error",	[CRASH_NO_ADDRESS] = "no-address",
	[CRASH_SENT] = "sent",		[CRASH_ALLOWED] = "allowed",
};

const char *crash_kind_name(enum crash_kind kind)
{
	return kind_names[kind];
}

const char *crash_hint_rule(enum crash_hint hint)
{
	static const char *const rules[CRASH_HINT_COUNT] = {
		[CRASH_OVERHANG] = "P01",	[CRASH_STOPPED_SHORT] = "P02",
		[CRASH_PARTIAL] = "P03",	[CRASH_DOUBLE_UNMAP] = "U01",
		[CRASH_UNMAP_OVERHANG] = "U03", [CRASH_CLOBBERED] = "U04",
		[CRASH_USED_AFTER] = "U06",	[CRASH_REUSED] = "U07",
		[CRASH_UNLOADED] = "U10",
	};

	return rules[hint];
}

static void say(struct text *text, const char *words)
{
	text_string(text, words);
}

static void say_address(struct text *text, uint64_t address)
{
	say(text, "0x");
	text_hex(text, address, 1);
}

static void say_event(struct text *text, uint64_t number)
{
	text_format(text, "#%" PRIu64, number);
}

static void say_size(struct text *text, uint64_t size)
{
	if (size < 4096) {
		text_count(text, size, "byte");
		return;
	}
	text_size(text, size, false);
}

/* "Write to 0x7f...", "Read of 0x...", "Jump to 0x...", "Access to 0x...". */
static void say_access(const struct ledger_fault *fault, struct text *text)
{
	static const char *const words[] = {
		[LEDGER_ACCESS_UNKNOWN] = "Access to ",
		[LEDGER_ACCESS_READ] = "Read of ",
		[LEDGER_ACCESS_WRITE] = "Write to ",
		[LEDGER_ACCESS_EXECUTE] = "Jump to ",
	};

	say(text, words[fault->access <= LEDGER_ACCESS_EXECUTE ? fault->access : 0]);
	say_address(text, fault->address);
}

void crash_area_name(const struct ledger_view *view, const struct memory_area *area,
		     struct text *text)
{
	const struct vm_space *space = &view->replay.space;
	struct text what;
	TEXT_ON_STACK(what, 256);

	area_what(space, area, &what);
	if (area->tag[VM_TAG_OBJECT] == 0 && strcmp(what.buffer, "-") == 0)
		say(text, "anonymous memory");
	else
		say(text, what.buffer);
}

/* ------------------------------------------------------------------- first sentence */

static const char *how_mapped(uint64_t flags)
{
	static const char *const words[8] = {
		"without any access (PROT_NONE)",
		"read-only",
		"for writing only",
		"not executable",
		"for executing only",
		"for reading and executing only",
		"for writing and executing only",
		"with all rights",
	};

	return words[flags & VM_PROT];
}

static void say_refused(const struct crash *crash, const struct ledger_view *view,
			struct text *text)
{
	say_access(crash->fault, text);
	say(text, " refused: ");
	if (crash->hint == CRASH_REUSED) {
		say(text, "the page belongs to ");
		crash_area_name(view, &crash->area, text);
		say(text, " now (");
		text_perm(text, crash->area.flags);
		say(text, "); until ");
		say_event(text, crash->made_so->number);
		say(text, " it was something else.");
		return;
	}
	say(text, "the page is mapped, but ");
	if (crash_needs(crash) == VM_EXEC && (crash->area.flags & VM_PROT) != 0)
		say(text, "not executable");
	else
		say(text, how_mapped(crash->area.flags));
	text_char(text, '.');
}

static void say_guard(const struct crash *crash, struct text *text)
{
	say_access(crash->fault, text);
	say(text, " refused: a guard region (MADV_GUARD_INSTALL");
	if (crash->made_so != NULL && crash->made_so->has_call) {
		say(text, " by ");
		say_event(text, crash->made_so->number);
	}
	say(text, "). /proc/PID/maps does not show it.");
}

static void say_key(const struct crash *crash, struct text *text)
{
	say_access(crash->fault, text);
	say(text, " refused: protection key ");
	text_decimal(text, (crash->area.flags & VM_PKEY_MASK) >> VM_PKEY_SHIFT);
	say(text, " denies it for this thread.");
}

static void say_overflow(const struct crash *crash, struct text *text)
{
	uint64_t used = crash->stack.range.end - crash->fault->address;

	say_access(crash->fault, text);
	say(text, crash->mapped ? " refused: the guard of the stack of thread "
				: " failed: below the stack of thread ");
	text_decimal(text, crash->fault->tid);
	say(text, ": stack overflow (");
	say_size(text, used);
	say(text, " used).");
}

static void say_nearest(const struct crash *crash, const struct ledger_view *view,
			struct text *text)
{
	uint64_t address = crash->fault->address;
	uint64_t up = crash->has_above ? crash->above.range.start - address : UINT64_MAX;
	uint64_t down = crash->has_below ? address - crash->below.range.end : UINT64_MAX;
	const struct memory_area *nearest = up < down ? &crash->above : &crash->below;

	if (!crash->has_above && !crash->has_below)
		return;
	say(text, " Nearest: ");
	crash_area_name(view, nearest, text);
	say(text, up < down ? " begins " : " ends ");
	say_size(text, up < down ? up : down);
	say(text, up < down ? " above." : " below.");
}

static const char *how_absent(const struct ledger_view *view)
{
	if (view->first_event > 1 || view->damage != NULL)
		return ", and was not as far as is known.";
	/* The parent may have had something there. */
	if (view->header->link == LEDGER_LINK_FORK)
		return ", and was not since the process was forked.";
	return ", and never was.";
}

static void say_absent(const struct crash *crash, const struct ledger_view *view, struct text *text)
{
	const struct ledger_fault *fault = crash->fault;

	say_access(fault, text);
	say(text, " failed: nothing is mapped there");
	if (crash->kind == CRASH_NULL) {
		say(text, fault->address == 0 ? ". It is the null pointer."
					      : ". A null pointer, and an offset of ");
		if (fault->address != 0)
			text_format(text, "%" PRIu64 ".", fault->address);
	} else if (crash->kind == CRASH_NEVER) {
		say(text, how_absent(view));
		say_nearest(crash, view, text);
	} else if (crash->hint == CRASH_UNLOADED && crash->before != NULL) {
		say(text, ". It was ");
		crash_area_name(view, crash->before, text);
		say(text, " until ");
		say_event(text, crash->made_so->number);
		text_char(text, '.');
	} else if (crash->held && crash->made_so == NULL) {
		say(text, ". It had been unmapped before the ledger begins, and is held.");
	} else {
		text_char(text, '.');
	}
}

/* What the file is now, which may not be what it was. */
static void say_file_size(const struct vm_object *object, struct text *text)
{
	struct stat st;

	if (object == NULL || stat(object->name, &st) < 0 || st.st_ino != object->ino)
		return;
	say(text, ", file size ");
	say_address(text, (uint64_t)st.st_size);
	say(text, " now");
}

static void say_past_end(const struct crash *crash, const struct ledger_view *view,
			 struct text *text)
{
	const struct vm_object *object = area_object(&view->replay.space, &crash->area);

	say_access(crash->fault, text);
	say(text, " failed: past the end of ");
	crash_area_name(view, &crash->area, text);
	say(text, ": offset ");
	say_address(text, memory_area_offset_at(&crash->area, vm_page_down(crash->fault->address)));
	say_file_size(object, text);
	text_char(text, '.');
}

static void say_sent(const struct crash *crash, const struct ledger_view *view, struct text *text)
{
	const struct ledger_fault *fault = crash->fault;

	text_signal(text, fault->signal);
	if (fault->sender_pid == view->header->pid) {
		say(text, " was sent by the program itself: no access to memory failed.");
		return;
	}
	say(text, " was sent by process ");
	text_decimal(text, fault->sender_pid);
	say(text, ", user ");
	text_decimal(text, fault->sender_uid);
	say(text, ": no access to memory failed.");
}

static void say_no_address(const struct crash *crash, struct text *text)
{
	const struct ledger_fault *fault = crash->fault;

	say(text, "Access to an address that no process can have, or a forbidden instruction, at ");
	say_address(text, fault->pc);
	say(text, ": the kernel gives no address.");
}

static void say_allowed(const struct crash *crash, struct text *text)
{
	say_access(crash->fault, text);
	say(text, " was refused, though the page is mapped ");
	text_perm(text, crash->area.flags);
	say(text, " by now: another thread may have changed it meanwhile.");
}

void crash_sentence(const struct crash *crash, const struct ledger_view *view, struct text *text)
{
	switch (crash->kind) {
	case CRASH_REFUSED:
		say_refused(crash, view, text);
		break;
	case CRASH_GUARD_REGION:
		say_guard(crash, text);
		break;
	case CRASH_KEY:
		say_key(crash, text);
		break;
	case CRASH_STACK_OVERFLOW:
		say_overflow(crash, text);
		break;
	case CRASH_UNMAPPED:
	case CRASH_NULL:
	case CRASH_NEVER:
		say_absent(crash, view, text);
		break;
	case CRASH_PAST_END:
		say_past_end(crash, view, text);
		break;
	case CRASH_BUS:
		say_access(crash->fault, text);
		say(text, " failed: a bus error, of the memory or the device behind it.");
		break;
	case CRASH_NO_ADDRESS:
		say_no_address(crash, text);
		break;
	case CRASH_SENT:
		say_sent(crash, view, text);
		break;
	case CRASH_ALLOWED:
	case CRASH_KIND_COUNT:
		say_allowed(crash, text);
		break;
	}
}

/* --------------------------------------------------------------------- the cause */

void crash_cause_label(const struct crash *crash, struct text *text)
{
	const struct fact *cause = crash->made_so;
	char perm[8];
	struct text letters;

	if (!cause->is.mapped) {
		say(text, "unmapped by");
	} else if (fact_mapped_page(cause)) {
		say(text, "replaced by");
	} else if ((cause->is.area.flags & VM_GUARD) && !(cause->was.area.flags & VM_GUARD)) {
		say(text, "guarded by");
	} else {
		text_init(&letters, perm, sizeof(perm));
		text_perm(&letters, cause->is.area.flags);
		say(text, "made ");
		text_bytes(text, perm, 3);
		say(text, " by");
	}
}

/* ---------------------------------------------------------------------- the hint */

static uint64_t pages_of(const struct vm_call *call)
{
	return vm_page_up(call->args[1]) / VM_PAGE_SIZE;
}

/* "4097 bytes were rounded up to 2 pages: the last 1 byte of the length ..." */
static void say_overhang(const struct vm_call *call, const char *did, struct text *text)
{
	uint64_t rest = call->args[1] & (VM_PAGE_SIZE - 1);

	text_count(text, call->args[1], "byte");
	say(text, call->args[1] == 1 ? " was rounded up to " : " were rounded up to ");
	text_count(text, pages_of(call), "page");
	say(text, ": the last ");
	text_count(text, rest, "byte");
	say(text, " of the length ");
	say(text, did);
}

static void say_partial(const struct crash *crash, struct text *text)
{
	const struct vm_call *call = &crash->made_so->call;
	const char *name = vm_errno_name((int)-call->result);

	say(text, "The call failed with ");
	say(text, name != NULL ? name : "an error");
	say(text, ", and had changed the pages up to the place where it stopped. A failure does "
		  "not mean that nothing happened.");
}

static void say_double(const struct crash *crash, struct text *text)
{
	say(text, "It is the second munmap of this range by thread ");
	text_decimal(text, crash->other->call.tid);
	say(text, ": the first was ");
	say_event(text, crash->other->number);
	say(text, ", and what the second took had been mapped since.");
}

static void say_short(const struct crash *crash, struct text *text)
{
	const struct vm_call *call = &crash->other->call;

	say_event(text, crash->other->number);
	text_char(text, ' ');
	say(text, vm_op_info(call->op)->name);
	text_char(text, '(');
	say_address(text, call->args[0]);
	say(text, ", ");
	text_decimal(text, call->args[1]);
	say(text, ") made the page below accessible, and stopped 1 page short of this one.");
}

static void say_clobbered(const struct crash *crash, const struct ledger_view *view,
			  struct text *text)
{
	say(text, "MAP_FIXED takes the place of what is there without asking: ");
	crash_area_name(view, crash->before, text);
	say(text, " was. MAP_FIXED_NOREPLACE would have refused.");
}

static void say_unseen(struct text *text)
{
	say(text, "The ledger has no call for this change: the kernel's map was read at the fault. "
		  "It was made by code that makes system calls of its own.");
}

void crash_hint_sentence(const struct crash *crash, const struct ledger_view *view,
			 struct text *text)
{
	if (crash->unseen) {
		say_unseen(text);
		return;
	}
	switch (crash->hint) {
	case CRASH_OVERHANG:
		say_overhang(&crash->made_so->call,
			     crash->fault->access == LEDGER_ACCESS_WRITE
				     ? "changed the page you wrote to."
				     : "changed the page you accessed.",
			     text);
		break;
	case CRASH_UNMAP_OVERHANG:
		say_overhang(&crash->made_so->call, "unmapped this page.", text);
		break;
	case CRASH_STOPPED_SHORT:
		say_short(crash, text);
		break;
	case CRASH_PARTIAL:
		say_partial(crash, text);
		break;
	case CRASH_DOUBLE_UNMAP:
		say_double(crash, text);
		break;
	case CRASH_CLOBBERED:
		say_clobbered(crash, view, text);
		break;
	case CRASH_REUSED:
		say(text, "A pointer to what was unmapped is still in use.");
		break;
	case CRASH_USED_AFTER:
		say(text, "It was used after it had been unmapped.");
		break;
	case CRASH_UNLOADED:
		say(text, "Code was called after it had been unloaded.");
		break;
	case CRASH_NO_HINT:
	case CRASH_HINT_COUNT:
		break;
	}
}
