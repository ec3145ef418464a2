/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/mman.h>
#include "base/sys.h"
#include "base/text.h"
#include "map/map.h"
#include "shim/shim.h"
#include "sites/call_table.h"
#include "sites/code_memory.h"
#include "sites/site_cache.h"
#include "sites/site_scan.h"
#include "sites/site_stubs.h"
#include "sites/site_table.h"
#include "vma/vm_module.h"
#include "sites/site_text.h"
#include "sites/sites.h"

#if defined(__x86_64__)

/* Return: is it worth a look the next time? */
static bool try_site(struct site_text *text, uint64_t offset, enum site_trust trust)
{
	struct site_plan plan;
	uint8_t state;

	switch (site_judge(text, offset, trust, &plan)) {
	case SITE_GOOD:
		state = site_table_patch(text, &plan);
		break;
	case SITE_UNPROVEN:
		state = LEDGER_SITE_UNPROVEN;
		break;
	case SITE_TIGHT:
		state = LEDGER_SITE_TIGHT;
		break;
	default:
		return false;
	}
	if (trust == SITE_TRUST)
		site_table_count(site_call_role(plan.nr), state);
	site_table_write(text, &plan, state);
	return true;
}

/* --------------------------------------------------------------------- one text */

#define SYSCALL_SIZE 2

static void add_place(struct site_places *places, uint64_t offset)
{
	if (places->n < SITE_PLACES_MAX)
		places->offset[places->n++] = offset;
	else
		places->lost++;
}

/* False: not all of it could be read. */
static bool scan(struct site_text *text, enum site_trust trust, struct site_places *places)
{
	uint64_t at = text->offset, end = text->offset + (text->range.end - text->range.start);

	while (at < end) {
		uint64_t rest = end - at;
		long got = site_text_hold(text, at,
					  rest < SITE_TEXT_HELD_MAX ? rest : SITE_TEXT_HELD_MAX);
		const unsigned char *found = site_text_held;

		if (got < SYSCALL_SIZE)
			return at + VM_PAGE_SIZE > end; /* the last page goes on behind the file */
		while ((found = site_scan(found, site_text_held + got)) < site_text_held + got) {
			uint64_t offset = at + (uint64_t)(found - site_text_held);

			if (try_site(text, offset, trust))
				add_place(places, offset);
			found += SYSCALL_SIZE;
		}
		at += (uint64_t)got - (at + (uint64_t)got < end ? SYSCALL_SIZE - 1 : 0);
	}
	return true;
}

#define PLACE_BEFORE 64 /* bytes: what most judgments look at */
#define PLACE_AFTER  16
#define PLACE_AROUND 2048 /* the next place is often near */

static void try_places(struct site_text *text, enum site_trust trust,
		       const struct site_places *places)
{
	for (uint32_t i = 0; i < places->n; i++) {
		uint64_t at = places->offset[i];

		if (at >= PLACE_BEFORE &&
		    (at - PLACE_BEFORE < text->held.start || at + PLACE_AFTER > text->held.end))
			site_text_hold(text, at - PLACE_BEFORE, PLACE_AROUND);
		try_site(text, at, trust);
	}
}

/* Smaller ones are read as fast as the cache is. */
#define CACHED_FROM (128u << 10)

static void look_through(struct site_text *text, enum site_trust trust)
{
	static struct site_places places;
	bool cached = text->range.end - text->range.start >= CACHED_FROM;

	if (cached && site_cache_read(text, &places)) {
		try_places(text, trust, &places);
		return;
	}
	places.n = places.lost = 0;
	site_text_open(text);
	if (scan(text, trust, &places) && cached)
		site_cache_write(text, &places);
}

/* Ours is full of system calls that must not be recorded. */
static bool is_ours(const struct memory_area *area)
{
	uint64_t here = (uintptr_t)sites_start;
	const struct memory_area *own = memory_set_find(map.space.set, here);

	return own != NULL && own->tag[VM_TAG_OBJECT] == area->tag[VM_TAG_OBJECT];
}

/* A file's code, and nobody can be writing it. */
static bool is_code(const struct memory_area *area)
{
	return (area->flags & (VM_VISIBLE | VM_FILE)) == (VM_READ | VM_EXEC | VM_FILE) &&
	       area->tag[VM_TAG_OBJECT] != 0 && !is_ours(area);
}

static void search(const struct memory_area *area, int mem, int fd, enum site_time time)
{
	const struct vm_object *object =
		vm_objects_get(&map.space.objects, (uint32_t)area->tag[VM_TAG_OBJECT]);
	struct site_text text = {
		.range = area->range,
		.offset = area->offset,
		.object = (uint32_t)area->tag[VM_TAG_OBJECT],
		.mem = mem,
		.fd = fd,
		.given = fd >= 0,
		.time = time,
	};
	bool known = object != NULL && vm_module_is(object->name, VM_MODULE_TRUSTED);

	if (!known && shim.options.sites != OPTION_SITES_ALL)
		return;
	if (time == SITE_BEFORE_IT_RUNS)
		site_table_forget_gone(area->range, mem);
	site_text_begin(&text);
	look_through(&text, known ? SITE_TRUST : SITE_PROVE);
	site_text_end(&text);
}

#define AREAS_AT_ONCE 4

/* Patching may enter a page of stubs into the set: so the areas are taken out first. */
static void search_all(struct addr_range range, int mem, int fd, enum site_time time)
{
	struct memory_area areas[AREAS_AT_ONCE];
	const struct memory_area *area;
	unsigned n = 1;

	while (n > 0 && range.start < range.end) {
		struct memory_set_iter iter = memory_set_iter_from_start(map.space.set, range);

		for (n = 0; n < AREAS_AT_ONCE && (area = memory_set_iter_next(&iter)) != NULL;) {
			struct addr_range rest = range;

			range.start = area->range.end;
			if (!is_code(area))
				continue;
			areas[n] = *area;
			memory_area_clip(&areas[n++], rest);
		}
		for (unsigned i = 0; i < n; i++)
			search(&areas[i], mem, fd, time);
	}
}

void sites_start(site_reached_fn *reached)
{
	int mem = code_memory_open();

	site_reached = reached;
	site_calls_start();
	if (mem < 0) {
		ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED,
				   "call sites are not caught: /proc/self/mem can't be written");
		return;
	}
	search_all(MEMORY_SET_ALL, mem, -1, SITE_BEFORE_IT_RUNS);
	sys_close(mem);
}

/* ------------------------------------------------------------------- around a call */

/* Of a file and not executable yet, in front of an mprotect that makes it so. */
#define PENDING_MAX 4
static struct addr_range pending[PENDING_MAX];
static unsigned n_pending;

static bool is_watching(void)
{
	return shim.options.sites != OPTION_SITES_OFF && !shim.confined;
}

void sites_before(const struct vm_call *call)
{
	uint64_t start = vm_page_down(call->args[0]);
	struct addr_range range = { start, start + vm_page_up(call->args[1]) };
	struct memory_set_iter iter;
	const struct memory_area *area;

	n_pending = 0;
	if (call->op == VM_OP_MMAP || call->op == VM_OP_MREMAP || !is_watching())
		return;
	iter = memory_set_iter_from_start(map.space.set, range);
	while (n_pending < PENDING_MAX && (area = memory_set_iter_next(&iter)) != NULL)
		if ((area->flags & (VM_FILE | VM_EXEC | VM_SHARED)) == VM_FILE) {
			struct memory_area part = *area;

			memory_area_clip(&part, range);
			pending[n_pending++] = part.range;
		}
}

/* Said once: no descriptor is left, or the root folder has changed. */
static void say_unsearched(void)
{
	static bool said;

	if (!said)
		ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED,
				   "code that came later was not searched for call sites: "
				   "/proc/self/mem can't be opened any more");
	said = true;
}

static void search_range(struct addr_range range, int fd, enum site_time time)
{
	uint64_t mask = shim_block_signals();
	int mem = code_memory_open();

	if (mem >= 0) {
		search_all(range, mem, fd, time);
		sys_close(mem);
	} else {
		say_unsearched();
	}
	shim_restore_signals(mask);
}

static void after_mmap(const struct vm_call *call, enum site_time time)
{
	uint64_t start = (uint64_t)call->result;

	if (!(call->args[3] & (MAP_ANONYMOUS | MAP_SHARED)))
		search_range((struct addr_range){ start, start + vm_page_up(call->args[1]) },
			     (int)call->args[4], time);
}

static void after_mprotect(enum site_time time)
{
	for (unsigned i = 0; i < n_pending; i++)
		search_range(pending[i], -1, time);
}

static void after_mremap(const struct vm_call *call, enum site_time time)
{
	uint64_t to = (uint64_t)call->result, size = vm_page_up(call->args[2]);
	struct addr_range from = { call->args[0], call->args[0] + vm_page_up(call->args[1]) };
	const struct memory_area *area = memory_set_find(map.space.set, to);

	if (area == NULL || !(area->flags & VM_EXEC))
		return;
	if (to != from.start)
		site_table_take_back(from, to, size);
	else
		to = from.end;
	search_range((struct addr_range){ to, (uint64_t)call->result + size }, -1, time);
}

static void look(const struct vm_call *call, enum site_time time)
{
	if (!is_watching() || (!vm_call_is_protect(call) && vm_call_failed(call)))
		return;
	switch (call->op) {
	case VM_OP_MMAP:
		after_mmap(call, time);
		break;
	case VM_OP_MREMAP:
		after_mremap(call, time);
		break;
	default:
		after_mprotect(time);
	}
}

void sites_after(const struct vm_call *call)
{
	look(call, SITE_BEFORE_IT_RUNS);
}

void sites_late(const struct vm_call *call)
{
	look(call, SITE_IT_MAY_RUN);
}

void sites_each_trusted(void (*each)(uint64_t addr))
{
	struct memory_set_iter iter = memory_set_iter_from_start(map.space.set, MEMORY_SET_ALL);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		const struct vm_object *object =
			vm_objects_get(&map.space.objects, (uint32_t)area->tag[VM_TAG_OBJECT]);

		if (is_code(area) && object != NULL &&
		    vm_module_is(object->name, VM_MODULE_TRUSTED))
			each(area->range.start);
	}
}

#else

void sites_start(site_reached_fn *reached)
{
	(void)reached;
	if (ledger_writer_room(&shim.writer, 8))
		ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED,
				   "call sites are not caught on this architecture: calls made "
				   "inside libc and ld.so are found by asking the kernel");
}

void sites_before(const struct vm_call *call)
{
	(void)call;
}

void sites_after(const struct vm_call *call)
{
	(void)call;
}

void sites_late(const struct vm_call *call)
{
	(void)call;
}

#endif
