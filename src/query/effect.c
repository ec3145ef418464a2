/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "query/effect.h"
#include "query/heap.h"
#include "query/words.h"

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

static void add_piece(struct effect_pieces *list, const struct effect_piece *piece)
{
	struct effect_piece *last = list->n > 0 ? &list->pieces[list->n - 1] : NULL;

	if (last != NULL && last->range.end == piece->range.start && same_look(last, piece)) {
		last->range.end = piece->range.end;
		return;
	}
	list->pieces = heap_grow(list->pieces, list->n, &list->capacity, 16, sizeof(*piece));
	list->pieces[list->n++] = *piece;
}

static void look_at_range(struct effect_pieces *pieces, const struct vm_space *space,
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
		add_piece(pieces, &piece);
	}
}

void effect_look(struct effect_pieces *pieces, const struct vm_space *space,
		 const struct touch *touch)
{
	pieces->n = 0;
	for (unsigned i = 0; i < touch->n; i++)
		look_at_range(pieces, space, touch->range[i]);
}

void effect_clip(const struct effect_pieces *from, struct addr_range range,
		 struct effect_pieces *pieces)
{
	pieces->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		struct effect_piece piece = from->pieces[i];

		if (piece.range.start < range.start)
			piece.range.start = range.start;
		if (piece.range.end > range.end)
			piece.range.end = range.end;
		if (piece.range.start < piece.range.end)
			add_piece(pieces, &piece);
	}
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
