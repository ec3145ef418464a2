/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/mman.h>
#include "../test_random.h"
#include "base/clock.h"
#include "session.h"
#include "vma/vm_apply.h"
#include "vma/vm_replace.h"

#define PAGE		 VM_PAGE_SIZE
#define WHOLE		 ((struct addr_range){ 0, UINT64_MAX & ~(PAGE - 1) })
#define PLAYGROUND	 0x10000000u
#define PLAYGROUND_PAGES 256

/* ------------------------------------------------------------- checkpoint */

static void write_state(struct session *session, enum vm_reason reason)
{
	struct memory_set_iter iter =
		memory_set_iter_from_start(session->space.set, MEMORY_SET_ALL);
	uint32_t n = (uint32_t)memory_set_count(session->space.set);

	if (!ledger_writer_room(&session->writer, n + 1))
		return;
	ledger_writer_resync(&session->writer, reason, WHOLE, 0, n);
	for (uint32_t i = 0; i < n; i++)
		ledger_writer_area(&session->writer, memory_set_iter_next(&iter));
}

static void checkpoint(void *context, struct ledger_writer *writer)
{
	struct session *session = context;
	const struct vm_objects *objects = &session->space.objects;

	for (uint32_t id = 1; id <= session->n_objects_written; id++)
		ledger_writer_object(writer, id, vm_objects_get(objects, id));
	write_state(session, VM_REASON_CHECKPOINT);
}

/* ---------------------------------------------------------- open and close */

static const struct ledger_writer_options usual = {
	.exec_count = 2,
	.link = LEDGER_LINK_EXEC,
	.parent = (const uint8_t *)"sixteen bytes id",
	.parent_event = 7,
	.start_brk = 0x5000,
	.brk = 0x6000,
	.start_stack = 0x7ffffffde000,
	.executable = "/usr/bin/example",
	.command = "example\0-v",
	.command_len = 11,
	.shim_version = "0.1.0",
	.checkpoint = checkpoint,
};

int session_open(struct session *session, const char *path, uint64_t max_size)
{
	struct ledger_writer_options options = usual;
	int error;

	memset(session, 0, sizeof(*session));
	options.path = path;
	options.max_size = max_size;
	options.context = session;
	error = ledger_writer_open(&session->writer, &options);
	if (error < 0)
		return error;
	error = vm_space_init(&session->space, &ml_allocator_malloc, NULL, NULL);
	session->space.start_brk = options.start_brk;
	session->space.brk = options.brk;
	session->space.start_stack = options.start_stack;
	return error;
}

void session_close(struct session *session)
{
	ledger_writer_close(&session->writer);
	vm_space_finish(&session->space);
}

/* ------------------------------------------------------------------ calls */

static void make_call(struct session *session, enum vm_op op, const uint64_t args[6],
		      int64_t result, uint32_t stack)
{
	struct vm_call call = {
		.op = (uint8_t)op,
		.tier = VM_TIER_SITE,
		.tid = 1000,
		.ticks = clock_ticks(),
		.result = result,
		.stack = stack,
	};
	struct ledger_call *record = NULL;
	struct vm_doubts doubts;

	memcpy(call.args, args, sizeof(call.args));
	if (ledger_writer_room(&session->writer, 1))
		record = ledger_writer_begin_call(&session->writer, &call);
	vm_apply(&session->space, &call, &doubts);
	if (record == NULL)
		return;
	record->result = call.result;
	ledger_writer_done(&session->writer, record);
}

void session_call(struct session *session, enum vm_op op, const uint64_t args[6], int64_t result)
{
	make_call(session, op, args, result, 0);
}

void session_stacked_call(struct session *session, enum vm_op op, const uint64_t args[6],
			  int64_t result, const struct ledger_trace *trace)
{
	if (ledger_writer_room(&session->writer, ledger_trace_records(trace->n_frames) + 1))
		ledger_writer_stack(&session->writer, trace);
	make_call(session, op, args, result, trace->id);
}

void session_mmap(struct session *session, uint64_t addr, uint64_t len, uint64_t prot)
{
	const uint64_t args[6] = { addr,       len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				   UINT64_MAX, 0 };

	session_call(session, VM_OP_MMAP, args, (int64_t)addr);
}

void session_munmap(struct session *session, uint64_t addr, uint64_t len)
{
	session_call(session, VM_OP_MUNMAP, (uint64_t[6]){ addr, len }, 0);
}

void session_mprotect(struct session *session, uint64_t addr, uint64_t len, uint64_t prot)
{
	session_call(session, VM_OP_MPROTECT, (uint64_t[6]){ addr, len, prot }, 0);
}

/* ----------------------------------------------------------------- groups */

uint32_t session_object(struct session *session, const char *name, uint64_t ino)
{
	struct vm_object object = {
		.dev = vm_dev(8, 1),
		.ino = ino,
		.name = name,
		.name_len = (uint16_t)strlen(name),
		.build_id_len = 4,
		.build_id = { 1, 2, 3, 4 },
	};
	uint32_t id = vm_objects_intern(&session->space.objects, &object);

	if (id <= session->n_objects_written)
		return id;
	if (ledger_writer_room(&session->writer, ledger_object_records(&object)))
		ledger_writer_object(&session->writer, id, &object);
	session->n_objects_written = id;
	return id;
}

void session_resync(struct session *session, enum vm_reason reason, struct addr_range range,
		    const struct memory_area *areas, uint32_t n)
{
	if (ledger_writer_room(&session->writer, n + 1)) {
		ledger_writer_resync(&session->writer, reason, range, session->writer.n_events, n);
		for (uint32_t i = 0; i < n; i++)
			ledger_writer_area(&session->writer, &areas[i]);
	}
	if (reason == VM_REASON_BASELINE || reason == VM_REASON_OWN)
		memory_set_replace(session->space.set, range, areas, n);
	else
		vm_replace(&session->space, range, areas, n, VM_RESYNCED);
}

void session_baseline(struct session *session)
{
	uint32_t object = session_object(session, "/usr/bin/example", 4711);
	struct memory_area areas[] = {
		{ .range = { 0x1000, 0x3000 },
		  .flags = VM_READ | VM_EXEC | VM_BASELINE | VM_FILE,
		  .offset = 0x2000,
		  .tag[VM_TAG_OBJECT] = object },
		{ .range = { 0x3000, 0x4000 },
		  .flags = VM_READ | VM_WRITE | VM_BASELINE,
		  .offset = MEMORY_AREA_NO_OFFSET },
	};

	session_resync(session, VM_REASON_BASELINE, WHOLE, areas, 2);
}

/* -------------------------------------------------------------- odds, ends */

static void write_verify(struct session *session)
{
	const struct memory_area area = { .range = { 0x1000, 0x3000 },
					  .flags = VM_READ,
					  .tag[VM_TAG_OBJECT] = 1 };
	struct ledger_verify *verify;

	if (!ledger_writer_room(&session->writer, 2))
		return;
	verify = ledger_writer_begin(&session->writer, LEDGER_VERIFY);
	verify->at_exit = 1;
	verify->n_areas = 1;
	verify->n_runs = 3;
	verify->n_unexplained = 2;
	verify->n_tolerated = 1;
	ledger_writer_done(&session->writer, verify);
	ledger_writer_area(&session->writer, &area);
}

static void write_site(struct session *session)
{
	struct ledger_site *site = ledger_writer_begin(&session->writer, LEDGER_SITE);

	if (site == NULL)
		return;
	site->site_state = LEDGER_SITE_PATCHED;
	site->op = VM_OP_MPROTECT;
	site->object = 1;
	site->addr = 0x1234;
	site->file_offset = 0x2234;
	site->nr = 10;
	ledger_writer_done(&session->writer, site);
}

static void write_stack(struct session *session)
{
	static const uint64_t frames[] = { 0x1001, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007 };
	const struct ledger_trace trace = {
		.id = 7,
		.end = LEDGER_STACK_DEPTH,
		.n_frames = 7,
		.exact = 2,
		.guessed = 64,
		.frames = frames,
	};

	if (ledger_writer_room(&session->writer, ledger_trace_records(trace.n_frames)))
		ledger_writer_stack(&session->writer, &trace);
}

void session_odds_and_ends(struct session *session)
{
	write_verify(session);
	write_site(session);
	write_stack(session);
	ledger_writer_thread(&session->writer, 43, 0x2ff0);
	ledger_writer_note(&session->writer, LEDGER_NOTE_MARK,
			   "A sentence that needs more than one record: fifty-six bytes each.");
}

/* ----------------------------------------------------------------- random */

static uint64_t draw_below(struct session *session, uint64_t n)
{
	return draw(&session->random) % n;
}

static void random_resync(struct session *session, struct addr_range range)
{
	struct memory_area area = {
		.range = { range.start, range.start + PAGE },
		.flags = VM_READ,
		.offset = MEMORY_AREA_NO_OFFSET,
	};

	session_resync(session, VM_REASON_FAILED, range, &area, 1);
}

static void random_object(struct session *session)
{
	static const char *const names[] = {
		"/lib/a.so",
		"/memfd:b (deleted)",
		"/a/name/that/needs/more/than/one/record/of/text/to/be/written/down/in/full",
	};
	uint64_t n = draw_below(session, 3);

	session_object(session, names[n], 100 + n);
}

static void random_brk(struct session *session)
{
	uint64_t to = 0x6000 + draw_below(session, 16) * 0x800;

	session_call(session, VM_OP_BRK, (uint64_t[6]){ to }, (int64_t)to);
}

/* Few ids, and not always the same stack under one: both happen in damaged ledgers. */
static void random_stacked_call(struct session *session, uint64_t addr)
{
	uint64_t frames[LEDGER_STACK_FRAMES_MAX];
	struct ledger_trace trace = {
		.id = (uint32_t)(1 + draw_below(session, 8)),
		.end = LEDGER_STACK_OUTERMOST,
		.n_frames = (uint8_t)draw_below(session, LEDGER_STACK_FRAMES_MAX + 1),
		.frames = frames,
	};

	for (unsigned i = 0; i < trace.n_frames; i++)
		frames[i] = 0x1000 + trace.id * 0x100 + i;
	session_stacked_call(session, VM_OP_MPROTECT, (uint64_t[6]){ addr, PAGE, 1 }, 0, &trace);
}

static void random_step(struct session *session)
{
	uint64_t first = draw_below(session, PLAYGROUND_PAGES);
	uint64_t n = 1 + draw_below(session, 8);
	uint64_t addr = PLAYGROUND + first * PAGE;

	switch (draw_below(session, 17)) {
	case 16:
		random_stacked_call(session, addr);
		break;
	case 0:
		random_resync(session, (struct addr_range){ addr, addr + n * PAGE });
		break;
	case 1:
		random_object(session);
		break;
	case 2:
		random_brk(session);
		break;
	case 3:
		session_call(session, VM_OP_MPROTECT, (uint64_t[6]){ addr + 1, PAGE }, -22);
		break;
	case 4:
	case 5:
	case 6:
		session_munmap(session, addr, n * PAGE);
		break;
	case 7:
	case 8:
	case 9:
		session_mprotect(session, addr, n * PAGE, draw_below(session, 8));
		break;
	default:
		session_mmap(session, addr, n * PAGE, draw_below(session, 8));
		break;
	}
}

void session_random(struct session *session, uint64_t seed, unsigned n)
{
	session->random = seed;
	for (unsigned i = 0; i < n; i++)
		random_step(session);
}
