/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "query/effect.h"
#include "cli/text/output.h"

#define MARKS (VM_DONTFORK | VM_WIPEONFORK | VM_GUARD | VM_LOCKED | VM_SEALED)

void effect_pieces_free(struct effect_pieces *pieces)
{
	free(pieces->pieces);
	*pieces = (struct effect_pieces){ 0 };
}

static bool same_look(const struct effect_piece *a, const struct effect_piece *b)
{
	return a->flags == b->flags && a->object == b->object;
}

static int add_piece(struct effect_pieces *list, const struct effect_piece *piece)
{
	struct effect_piece *last = list->n > 0 ? &list->pieces[list->n - 1] : NULL;

	if (last != NULL && last->range.end == piece->range.start && same_look(last, piece)) {
		last->range.end = piece->range.end;
		return 0;
	}
	if (list->n == list->capacity) {
		size_t capacity = list->capacity != 0 ? 2 * list->capacity : 16;
		struct effect_piece *bigger = realloc(list->pieces, capacity * sizeof(*bigger));

		if (bigger == NULL)
			return -ENOMEM;
		list->pieces = bigger;
		list->capacity = capacity;
	}
	list->pieces[list->n++] = *piece;
	return 0;
}

static int look_at_range(struct effect_pieces *pieces, const struct vm_space *space,
			 struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, range);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		struct effect_piece piece = {
			.range = area->range,
			.flags = area->flags & (VM_VISIBLE | MARKS),
			.object = area->tag[VM_TAG_OBJECT],
		};

		if (piece.range.start < range.start)
			piece.range.start = range.start;
		if (piece.range.end > range.end)
			piece.range.end = range.end;
		if (add_piece(pieces, &piece) < 0)
			return -ENOMEM;
	}
	return 0;
}

int effect_look(struct effect_pieces *pieces, const struct vm_space *space,
		const struct touch *touch)
{
	pieces->n = 0;
	for (unsigned i = 0; i < touch->n; i++)
		if (look_at_range(pieces, space, touch->range[i]) < 0)
			return -ENOMEM;
	return 0;
}

int effect_clip(const struct effect_pieces *from, struct addr_range range,
		struct effect_pieces *pieces)
{
	pieces->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		struct effect_piece piece = from->pieces[i];

		if (piece.range.start < range.start)
			piece.range.start = range.start;
		if (piece.range.end > range.end)
			piece.range.end = range.end;
		if (piece.range.start < piece.range.end && add_piece(pieces, &piece) < 0)
			return -ENOMEM;
	}
	return 0;
}

static uint64_t mapped_bytes(const struct effect_pieces *pieces)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < pieces->n; i++)
		sum += pieces->pieces[i].range.end - pieces->pieces[i].range.start;
	return sum;
}

/*
 * The piece that @addr lies in, or NULL; @end becomes the end of what is the
 * same from @addr on. @at moves along with rising addresses.
 */
static const struct effect_piece *piece_at(const struct effect_pieces *list, size_t *at,
					   uint64_t addr, uint64_t *end)
{
	while (*at < list->n && list->pieces[*at].range.end <= addr)
		++*at;
	if (*at == list->n)
		return NULL;
	if (list->pieces[*at].range.start > addr) {
		if (list->pieces[*at].range.start < *end)
			*end = list->pieces[*at].range.start;
		return NULL;
	}
	if (list->pieces[*at].range.end < *end)
		*end = list->pieces[*at].range.end;
	return &list->pieces[*at];
}

/* A run of pages that were one piece before, or in none, and are so after. */
typedef bool (*run_test_fn)(const struct effect_piece *was, const struct effect_piece *is,
			    uint64_t perm);

static bool differ(const struct effect_piece *a, const struct effect_piece *b, uint64_t unused)
{
	(void)unused;
	if (a == NULL || b == NULL)
		return a != b;
	return !same_look(a, b);
}

static bool gained(const struct effect_piece *was, const struct effect_piece *is, uint64_t perm)
{
	return is != NULL && (is->flags & perm) == perm &&
	       (was == NULL || (was->flags & perm) != perm);
}

/* The bytes of all runs that pass the test. */
static uint64_t bytes_that(run_test_fn test, uint64_t perm, const struct effect_pieces *before,
			   const struct effect_pieces *after, const struct touch *touch)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < touch->n; i++) {
		struct addr_range range = touch->range[i];
		size_t b = 0;
		size_t a = 0;

		while (range.start < range.end) {
			uint64_t end = range.end;
			const struct effect_piece *was = piece_at(before, &b, range.start, &end);
			const struct effect_piece *is = piece_at(after, &a, range.start, &end);

			sum += test(was, is, perm) ? end - range.start : 0;
			range.start = end;
		}
	}
	return sum;
}

uint64_t effect_changed_bytes(const struct effect_pieces *before, const struct effect_pieces *after,
			      const struct touch *touch)
{
	return bytes_that(differ, 0, before, after, touch);
}

bool effect_gained(const struct effect_pieces *before, const struct effect_pieces *after,
		   const struct touch *touch, uint64_t perm)
{
	return bytes_that(gained, perm, before, after, touch) > 0;
}

#define MAX_PERMS 3

void effect_perms(const struct effect_pieces *pieces, const struct touch *touch, struct text *text)
{
	uint64_t seen[MAX_PERMS];
	unsigned n = 0;

	for (size_t i = 0; i < pieces->n; i++) {
		uint64_t perm = pieces->pieces[i].flags & VM_VISIBLE;
		unsigned j = 0;

		while (j < n && seen[j] != perm)
			j++;
		if (j < n)
			continue;
		if (n == MAX_PERMS) {
			text_string(text, "mixed");
			return;
		}
		seen[n++] = perm;
	}
	for (unsigned j = 0; j < n; j++) {
		if (j > 0)
			text_char(text, '+');
		text_perm(text, seen[j]);
	}
	if (n == 0 || mapped_bytes(pieces) < touch_bytes(touch))
		text_string(text, n == 0 ? "----" : "+----");
}

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
	text_string(effect->text, was);
	text_string(effect->text, " -> ");
	text_string(effect->text, is);
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
	text_string(effect->text, "made process ");
	text_signed(effect->text, effect->call->result);
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
