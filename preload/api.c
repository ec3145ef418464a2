/* SPDX-License-Identifier: Apache-2.0 */

/*
 * api - the functions that a program may call itself, declared in include/mapledger/mapledger.h
 */

#define MAPLEDGER_NO_WRAPPERS
#define MAPLEDGER_API __attribute__((visibility("default")))
#include <mapledger/mapledger.h>

#include <errno.h>
#include <sys/mman.h>
#include "base/text.h"
#include "map/map.h"
#include "map/resync.h"
#include "record/finish.h"
#include "record/recorder_state.h"
#include "record/session.h"
#include "shim/shim.h"

static void describe(const struct memory_area *from, struct ml_area *to)
{
	const struct vm_object *object =
		vm_objects_get(&map.space.objects, (uint32_t)from->tag[VM_TAG_OBJECT]);

	*to = (struct ml_area){
		.start = from->range.start,
		.end = from->range.end,
		.offset = from->offset == MEMORY_AREA_NO_OFFSET ? 0 : from->offset,
		.dev = object != NULL ? object->dev : 0,
		.ino = object != NULL ? object->ino : 0,
		.name = object != NULL ? object->name : NULL,
		.mapped_by = from->origin,
		.changed_by = from->tag[VM_TAG_CHANGED],
		.prot = (uint32_t)(from->flags & VM_PROT),
		.flags = (from->flags & VM_SHARED ? ML_AREA_SHARED : 0) |
			 ((from->flags & VM_SOURCE) == VM_BASELINE ? ML_AREA_BASELINE : 0) |
			 ((from->flags & VM_SOURCE) == VM_RESYNCED ? ML_AREA_RESYNCED : 0) |
			 (from->flags & VM_OWN ? ML_AREA_OWN : 0) |
			 (from->flags & VM_GUARD ? ML_AREA_GUARD : 0) |
			 (from->flags & VM_HEAP ? ML_AREA_HEAP : 0),
	};
}

/* 0, or why the map can't be read now. */
static int enter(struct frame_mark *mark)
{
	if (!shim.live)
		return -ENOSYS;
	return session_lock(mark, TAKE_LOCK_OVER) ? 0 : -EAGAIN;
}

int mapledger_active(void)
{
	return shim.live;
}

int mapledger_query(const void *addr, struct ml_area *area)
{
	const struct memory_area *found;
	struct frame_mark mark;
	int error = enter(&mark);

	if (error < 0)
		return error;
	resync_edges((struct addr_range){ (uintptr_t)addr, (uintptr_t)addr + 1 });
	found = memory_set_find(map.space.set, (uintptr_t)addr);
	if (found != NULL)
		describe(found, area);
	session_unlock(&mark);
	return found != NULL;
}

/* The lock is not held while the program's callback runs: it may map memory itself. */
int mapledger_foreach(int (*callback)(const struct ml_area *area, void *context), void *context)
{
	uint64_t from = 0;

	for (;;) {
		const struct memory_area *found;
		struct frame_mark mark;
		struct ml_area area;
		int result = enter(&mark);

		if (result < 0)
			return result;
		if (from == 0)
			resync_edges(VM_ALL_PAGES);
		found = memory_set_find_from(map.space.set, from);
		if (found != NULL)
			describe(found, &area);
		session_unlock(&mark);
		if (found == NULL)
			return 0;
		result = callback(&area, context);
		if (result != 0 || area.end <= from)
			return result;
		from = area.end;
	}
}

struct program_callback {
	void (*callback)(const struct ml_difference *difference, void *context);
	void *context;
};

static void report(void *context, const struct vm_difference *difference)
{
	const struct program_callback *to = context;
	struct ml_difference said = {
		.start = difference->range.start,
		.end = difference->range.end,
		.what = vm_diff_text(difference->kind),
		.explained = VM_DIFF_IS_TOLERANCE(difference->kind),
	};

	/* It may make calls of its own on top of us, which no signal handler does. */
	recorder.lock.calling_out = true;
	to->callback(&said, to->context);
	recorder.lock.calling_out = false;
}

int mapledger_verify(void (*callback)(const struct ml_difference *difference, void *context),
		     void *context)
{
	struct program_callback to = { callback, context };
	struct frame_mark mark;
	int64_t result = enter(&mark);

	if (result < 0)
		return (int)result;
	result = finish_verify(false, callback != NULL ? report : NULL, &to);
	session_unlock(&mark);
	return (int)result;
}

uint64_t mapledger_seq(void)
{
	return shim.live ? shim.writer.n_events : 0;
}

int mapledger_mark(const char *name)
{
	struct frame_mark mark;
	int error = enter(&mark);

	if (error < 0)
		return error;
	ledger_writer_note(&shim.writer, LEDGER_NOTE_MARK, name);
	session_unlock(&mark);
	return 0;
}

/* "7f0000000000-7f0000002000 r-x" */
static void say_expectation(struct text *text, struct addr_range range, int prot)
{
	text_hex(text, range.start, 1);
	text_char(text, '-');
	text_hex(text, range.end, 1);
	text_char(text, ' ');
	text_char(text, prot & PROT_READ ? 'r' : '-');
	text_char(text, prot & PROT_WRITE ? 'w' : '-');
	text_char(text, prot & PROT_EXEC ? 'x' : '-');
}

int mapledger_expect(const void *addr, size_t len, int prot)
{
	struct addr_range range = { vm_page_down((uintptr_t)addr),
				    vm_page_up((uintptr_t)addr + len) };
	struct frame_mark mark;
	struct text text;
	char buffer[64];
	int error;

	if (range.end <= range.start)
		return -EINVAL;
	error = enter(&mark);
	if (error < 0)
		return error;
	text_init(&text, buffer, sizeof(buffer));
	say_expectation(&text, range, prot);
	ledger_writer_note(&shim.writer, LEDGER_NOTE_EXPECT, buffer);
	session_unlock(&mark);
	return 0;
}
