/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include "base/text_format.h"
#include "cli/text/effect_text.h"
#include "query/words.h"

/* What the call is described from. */
struct effect {
	const struct vm_call *call;
	const struct touch *touch;
	const struct effect_pieces *before;
	const struct effect_pieces *after;
	uint64_t changed;
	bool exact;
	struct text *text;
};

static void say_size(const struct effect *effect, uint64_t size)
{
	text_size(effect->text, size, effect->exact);
}

static void say_marks(const struct effect *effect)
{
	static const struct {
		uint64_t flag;
		const char *set;
		const char *cleared;
	} words[] = {
		{ VM_DONTFORK, "not for children", "for children again" },
		{ VM_WIPEONFORK, "wiped in children", "kept in children again" },
		{ VM_GUARD, "guard pages put in", "guard pages gone" },
		{ VM_LOCKED, "locked", "not locked any more" },
		{ VM_SEALED, "sealed", "not sealed any more" },
	};
	uint64_t was = 0;
	uint64_t is = 0;

	for (size_t i = 0; i < effect->before->n; i++)
		was |= effect->before->pieces[i].flags;
	for (size_t i = 0; i < effect->after->n; i++)
		is |= effect->after->pieces[i].flags;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!((was ^ is) & words[i].flag))
			continue;
		if (effect->text->len > 0)
			text_string(effect->text, ", ");
		text_string(effect->text, is & words[i].flag ? words[i].set : words[i].cleared);
	}
}

static bool has_rwx(const struct effect_pieces *pieces)
{
	for (size_t i = 0; i < pieces->n; i++)
		if ((pieces->pieces[i].flags & VM_WRITE) && (pieces->pieces[i].flags & VM_EXEC))
			return true;
	return false;
}

/* "r--p -> rw-p", and what is odd about it. */
static void say_change(const struct effect *effect)
{
	char was[64];
	char is[64];
	struct text text;

	text_init(&text, was, sizeof(was));
	effect_perms(effect->before, effect->touch, &text);
	text_init(&text, is, sizeof(is));
	effect_perms(effect->after, effect->touch, &text);
	if (effect->changed == 0) {
		text_string(effect->text, "no change");
		return;
	}
	text_format(effect->text, "%s -> %s", was, is);
	if (effect->before->n > 0 && effect->call->op == VM_OP_MMAP)
		text_string(effect->text, ", replaced");
	if (effect->changed < touch_bytes(effect->touch) && call_was_refused(effect->call)) {
		text_string(effect->text, ", ");
		say_size(effect, effect->changed);
		text_string(effect->text, " of ");
		say_size(effect, touch_bytes(effect->touch));
		text_string(effect->text, " changed");
	}
	if (has_rwx(effect->after))
		text_string(effect->text, "  RWX");
}

static void say_unmap(const struct effect *effect)
{
	if (effect->before->n == 0) {
		text_string(effect->text, "nothing was there");
		return;
	}
	if (effect->changed == 0) {
		text_string(effect->text, "no change");
		return;
	}
	text_string(effect->text, "unmapped ");
	effect_perms(effect->before, &(struct touch){ 0 }, effect->text);
	text_char(effect->text, ' ');
	say_size(effect, effect->changed);
}

static void say_mremap(const struct effect *effect)
{
	const struct vm_call *call = effect->call;
	uint64_t old_size = vm_page_up(call->args[1]);
	uint64_t new_size = vm_page_up(call->args[2]);
	bool moved = (uint64_t)call->result != call->args[0];

	if (vm_call_failed(call)) {
		if (effect->changed != 0)
			say_change(effect);
		return;
	}
	if (!moved && old_size == new_size) {
		text_string(effect->text, "no change");
		return;
	}
	if (old_size == 0) {
		text_string(effect->text, "mapped twice, ");
		say_size(effect, new_size);
		return;
	}
	if (moved)
		text_string(effect->text, "moved ");
	if (old_size != new_size)
		text_string(effect->text, moved ? "and " : "");
	if (old_size != new_size)
		text_string(effect->text, new_size > old_size ? "grew " : "shrank ");
	say_size(effect, old_size);
	if (old_size == new_size)
		return;
	text_string(effect->text, " -> ");
	say_size(effect, new_size);
}

static void say_brk(const struct effect *effect, uint64_t brk_before)
{
	uint64_t before = vm_page_up(brk_before);
	uint64_t after = vm_page_up((uint64_t)effect->call->result);

	if (call_was_refused(effect->call)) {
		text_string(effect->text, "refused");
	} else if (effect->call->args[0] == 0 || brk_before == 0) {
		return;
	} else if (after == before) {
		text_string(effect->text, "no change");
	} else {
		text_string(effect->text, after > before ? "grew " : "shrank ");
		say_size(effect, after > before ? after - before : before - after);
	}
}

static void say_fork(const struct effect *effect)
{
	if (vm_call_failed(effect->call))
		return;
	text_format(effect->text, "made process %" PRId64, effect->call->result);
}

static void say_in_flight(const struct effect *effect)
{
	switch (effect->call->op) {
	case VM_OP_EXEC:
	case VM_OP_EXECVEAT:
		text_string(effect->text, "became another program");
		break;
	case VM_OP_EXIT:
		text_string(effect->text, "ended");
		break;
	default:
		text_string(effect->text, "in flight");
		break;
	}
}

void effect_describe(const struct vm_call *call, bool finished, const struct touch *touch,
		     const struct effect_pieces *before, const struct effect_pieces *after,
		     uint64_t brk_before, bool exact, struct text *text)
{
	struct effect effect = {
		.call = call,
		.touch = touch,
		.before = before,
		.after = after,
		.changed = effect_changed_bytes(before, after, touch),
		.exact = exact,
		.text = text,
	};

	if (!finished) {
		say_in_flight(&effect);
		return;
	}
	switch (call->op) {
	case VM_OP_MUNMAP:
	case VM_OP_SHMDT:
		if (!vm_call_failed(call) || effect.changed != 0)
			say_unmap(&effect);
		break;
	case VM_OP_MREMAP:
		say_mremap(&effect);
		break;
	case VM_OP_BRK:
		say_brk(&effect, brk_before);
		break;
	case VM_OP_FORK:
		say_fork(&effect);
		break;
	case VM_OP_MADVISE:
	case VM_OP_MSEAL:
	case VM_OP_MLOCK:
	case VM_OP_MLOCK2:
	case VM_OP_MUNLOCK:
		say_marks(&effect);
		break;
	case VM_OP_IO_DESTROY:
		if (!vm_call_failed(call))
			say_unmap(&effect);
		break;
	case VM_OP_MLOCKALL:
	case VM_OP_MUNLOCKALL:
	case VM_OP_PROCESS_MADVISE:
	case VM_OP_PRCTL:
	case VM_OP_ARCH_PRCTL:
	case VM_OP_PERSONALITY:
		break;
	case VM_OP_EXEC:
	case VM_OP_EXECVEAT:
	case VM_OP_EXIT:
		break;
	default:
		if (!vm_call_failed(call) || effect.changed != 0)
			say_change(&effect);
		break;
	}
}
