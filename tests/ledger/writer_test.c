/* SPDX-License-Identifier: Apache-2.0 */

/* Tests the writer of ledgers: the file, its segments, and what it does when it can't go on. */

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ledger/ledger_reader.h"
#include "scratch.h"
#include "session.h"

#define SMALLEST       (LEDGER_HEADER_SIZE + 2 * LEDGER_WINDOW_SIZE)
#define WINDOW_RECORDS (LEDGER_WINDOW_SIZE / LEDGER_RECORD_SIZE)

/* The directory too, when one of the tests below mounted a disk there. */
static void clean_up(void)
{
	char directory[96];

	snprintf(directory, sizeof(directory), "%s", scratch_path());
	*strrchr(directory, '/') = '\0';
	umount2(directory, MNT_DETACH);
	scratch_remove();
}

TestSuite(ledger_writer, .fini = clean_up);

static struct ledger_reader *open_reader(void)
{
	struct ledger_problem problem = { { 0 } };
	struct ledger_reader *reader = ledger_reader_open(scratch_path(), &problem);

	cr_assert_not_null(reader, "%s", problem.text);
	return reader;
}

static void next(struct ledger_reader *reader, enum ledger_kind kind, struct ledger_entry *entry)
{
	cr_assert(ledger_reader_next(reader, entry));
	cr_assert_eq(entry->kind, kind, "kind %d, not %d", entry->kind, kind);
	cr_assert(entry->finished);
}

static void write_calls(struct session *session, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		session_call(session, VM_OP_MADVISE, (uint64_t[6]){ 0x1000, i, 4 }, 0);
}

/* Every call that is left has the number that fits its arguments. Returns the last number. */
static uint64_t check_calls(struct ledger_reader *reader)
{
	uint64_t expected = ledger_reader_first_event(reader);
	struct ledger_entry entry;

	while (ledger_reader_next(reader, &entry)) {
		if (entry.kind != LEDGER_CALL)
			continue;
		cr_assert_eq(entry.call.event, expected);
		cr_assert_eq(entry.call.args[1], expected - 1);
		expected++;
	}
	return expected - 1;
}

/* ----------------------------------------------- what this kernel, or emulator, can do */

/* No page of an empty file can be written. qemu-user says yes, and does nothing. */
static bool has_populate_write(void)
{
	int fd = memfd_create("empty", MFD_CLOEXEC);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	bool has = madvise(page, 4096, MADV_POPULATE_WRITE) < 0 && errno == EFAULT;

	munmap(page, 4096);
	close(fd);
	return has;
}

static bool has_remap_file_pages(void)
{
	return syscall(SYS_remap_file_pages, 0, 0, 0, 0, 0) < 0 && errno != ENOSYS;
}

/* ------------------------------------------------------------- round trips */

Test(ledger_writer, header_says_what_is_known)
{
	struct session session;
	const struct ledger_header *header;
	struct ledger_reader *reader;

	cr_assert_eq(session_open(&session, scratch_path(), 64 << 20), 0);
	ledger_writer_finish(&session.writer, LEDGER_END_EXIT, 3);
	session_close(&session);
	reader = open_reader();
	header = ledger_reader_header(reader);
	cr_expect_eq(header->n_segments, 8);
	cr_expect_eq(header->segment_size, 7 << 20);
	cr_expect_eq(header->pid, (uint32_t)getpid());
	cr_expect_eq(header->ppid, (uint32_t)getppid());
	cr_expect_eq(header->link, LEDGER_LINK_EXEC);
	cr_expect_eq(header->exec_count, 2);
	cr_expect_eq(header->parent_event, 7);
	cr_expect_arr_eq(header->parent, "sixteen bytes id", 16);
	cr_expect_eq(header->brk, 0x6000);
	cr_expect_str_eq(header->executable, "/usr/bin/example");
	cr_expect_arr_eq(header->command, "example\0-v", 11);
	cr_expect_eq(header->end, LEDGER_END_EXIT);
	cr_expect_eq(header->exit_status, 3);
	cr_expect_gt(header->last_monotonic_ns, header->start_monotonic_ns);
	cr_expect_neq(header->kernel_release[0], '\0');
	cr_expect_null(ledger_reader_damage(reader));
	ledger_reader_close(reader);
}

Test(ledger_writer, file_is_private)
{
	struct session session;
	struct stat status;

	cr_assert_eq(session_open(&session, scratch_path(), 64 << 20), 0);
	cr_assert_eq(stat(scratch_path(), &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600);
	if (has_populate_write())
		cr_expect_lt(status.st_blocks * 512, 256 << 10, "start-up takes little room");
	session_close(&session);
}

static void check_state(struct ledger_reader *reader)
{
	struct ledger_entry entry;

	next(reader, LEDGER_SEGMENT, &entry);
	cr_expect_eq(entry.segment.lap, 1);
	cr_expect_eq(entry.segment.brk, 0x6000);
	next(reader, LEDGER_OBJECT, &entry);
	cr_expect_eq(entry.object.id, 1);
	cr_expect_str_eq(entry.object.object.name, "/usr/bin/example");
	cr_expect_eq(entry.object.object.ino, 4711);
	cr_expect_eq(entry.object.object.dev, vm_dev(8, 1));
	cr_expect_eq(entry.object.object.build_id_len, 4);
	cr_expect_eq(entry.object.object.build_id[3], 4);
	next(reader, LEDGER_RESYNC, &entry);
	cr_expect_eq(entry.resync.head.reason, VM_REASON_BASELINE);
	cr_assert_eq(entry.resync.head.n_areas, 2);
	cr_expect_eq(entry.resync.areas[0].start, 0x1000);
	cr_expect_eq(entry.resync.areas[0].object, 1);
	cr_expect_eq(entry.resync.areas[0].offset, 0x2000);
	cr_expect_eq(entry.resync.areas[1].offset, MEMORY_AREA_NO_OFFSET);
	cr_expect_not(entry.in_checkpoint);
}

static void check_odds_and_ends(struct ledger_reader *reader)
{
	struct ledger_entry entry;

	next(reader, LEDGER_VERIFY, &entry);
	cr_expect_eq(entry.verify.head.n_unexplained, 2);
	cr_assert_eq(entry.verify.head.n_areas, 1);
	cr_expect_eq(entry.verify.areas[0].end, 0x3000);
	next(reader, LEDGER_SITE, &entry);
	cr_expect_eq(entry.site.site_state, LEDGER_SITE_PATCHED);
	cr_expect_eq(entry.site.file_offset, 0x2234);
	next(reader, LEDGER_STACK, &entry);
	cr_expect_eq(entry.stack.id, 7);
	cr_expect_eq(entry.stack.end, LEDGER_STACK_DEPTH);
	cr_expect_eq(entry.stack.exact, 2);
	cr_expect_eq(entry.stack.guessed, 64);
	cr_assert_eq(entry.stack.n_frames, 7);
	for (unsigned i = 0; i < 7; i++)
		cr_expect_eq(entry.stack.frames[i], 0x1001 + i);
	next(reader, LEDGER_THREAD, &entry);
	cr_expect_eq(entry.thread.tid, 43);
	cr_expect_eq(entry.thread.sp, 0x2ff0);
	next(reader, LEDGER_NOTE, &entry);
	cr_expect_eq(entry.note.kind, LEDGER_NOTE_MARK);
	cr_expect_str_eq(entry.note.text,
			 "A sentence that needs more than one record: fifty-six bytes each.");
}

Test(ledger_writer, every_kind_of_record_comes_back)
{
	struct session session;
	struct ledger_reader *reader;
	struct ledger_entry entry;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_odds_and_ends(&session);
	session_mprotect(&session, 0x3000, 0x1000, 1);
	session_close(&session);
	reader = open_reader();
	check_state(reader);
	check_odds_and_ends(reader);
	next(reader, LEDGER_CALL, &entry);
	cr_expect_eq(entry.call.op, VM_OP_MPROTECT);
	cr_expect_eq(entry.call.tier, VM_TIER_SITE);
	cr_expect_eq(entry.call.event, 1);
	cr_expect_eq(entry.call.tid, 1000);
	cr_expect_not(ledger_reader_next(reader, &entry));
	cr_expect_null(ledger_reader_damage(reader));
	ledger_reader_close(reader);
}

struct packing {
	uint8_t op;
	uint64_t args[6];
};

static const struct packing packings[] = {
	{ VM_OP_MMAP, { 0x7fff12345000, 1ULL << 40, 7, 0x12022, UINT64_MAX, 1ULL << 50 } },
	{ VM_OP_MMAP, { 0, 4097, 1, 2, 3, 4096 } },
	{ VM_OP_MUNMAP, { 0x7fff12345001, UINT64_MAX } },
	{ VM_OP_MPROTECT, { 0x7fff12345000, 1ULL << 40, 0x01000001 } },
	{ VM_OP_PKEY_MPROTECT, { 1ULL << 46, 4096, 3, 15 } },
	{ VM_OP_PKEY_MPROTECT, { 1ULL << 46, 4096, 3, UINT64_MAX } },
	{ VM_OP_MREMAP, { 1ULL << 46, 1ULL << 33, 1ULL << 34, 3, 0x7fff12345000 } },
	{ VM_OP_BRK, { 0x5555deadb001 } },
	{ VM_OP_SHMAT, { 98304, 0x7fff12345000, 0x7000 } },
	{ VM_OP_SHMAT, { UINT64_MAX, 0, 0 } },
	{ VM_OP_SHMDT, { 0x7fff12345000 } },
	{ VM_OP_REMAP_FILE_PAGES, { 1ULL << 46, 8192, 0, 1ULL << 40, 0x10000 } },
	{ VM_OP_MADVISE, { 1ULL << 46, 8192, 102 } },
	{ VM_OP_FORK, { 0x01200011, 1ULL << 46, 1ULL << 45, 77, 0x7ffff7d8aa10 } },
	{ VM_OP_EXEC, { 1ULL << 46, 1ULL << 45, 1ULL << 44 } },
	{ VM_OP_EXECVEAT, { UINT64_MAX, 1ULL << 46, 1ULL << 45, 1ULL << 44, 0x1000 } },
	{ VM_OP_EXIT, { 3 } },
	{ VM_OP_MSEAL, { 1ULL << 46, 1ULL << 33, 1ULL << 50 } },
	{ VM_OP_PROCESS_MADVISE, { 5, 1ULL << 46, 7, 102, UINT64_MAX } },
	{ VM_OP_PRCTL, { 0x53564d41, 0, 1ULL << 46, 1ULL << 33, 1ULL << 45 } },
	{ VM_OP_IO_SETUP, { 128, 1ULL << 46, 0x7fff12345000 } },
	{ VM_OP_ARCH_PRCTL, { 0x2003, 1ULL << 46 } },
};

Test(ledger_writer, arguments_survive_packing)
{
	for (unsigned i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		struct vm_call call = { .op = packings[i].op,
					.tier = VM_TIER_SYSCALL,
					.flags = VM_CALL_NESTED | VM_CALL_UNORDERED,
					.tid = 0x87654321,
					.ticks = 5,
					.stack = 9 };
		struct vm_call back;
		struct ledger_call record;

		memcpy(call.args, packings[i].args, sizeof(call.args));
		memset(&record, 0xff, sizeof(record));
		ledger_pack_call(&call, &record);
		ledger_unpack_call(&record, &back);
		cr_expect_arr_eq(back.args, call.args, sizeof(call.args), "row %u", i);
		cr_expect_eq(back.tier, call.tier);
		cr_expect_eq(back.flags, call.flags);
		cr_expect_eq(back.tid, call.tid);
		cr_expect_eq(back.stack, call.stack);
	}
}

Test(ledger_writer, long_names_are_cut)
{
	static char name[LEDGER_TEXT_MAX + 1000];
	struct session session;
	struct ledger_reader *reader;
	struct ledger_entry entry;

	memset(name, 'n', sizeof(name) - 1);
	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_object(&session, name, 1);
	ledger_writer_note(&session.writer, LEDGER_NOTE_MARK, name);
	session_close(&session);
	reader = open_reader();
	next(reader, LEDGER_SEGMENT, &entry);
	next(reader, LEDGER_OBJECT, &entry);
	cr_expect_eq(entry.object.object.name_len, LEDGER_TEXT_MAX);
	next(reader, LEDGER_NOTE, &entry);
	cr_expect_eq(strlen(entry.note.text), LEDGER_TEXT_MAX);
	ledger_reader_close(reader);
}

Test(ledger_writer, ticks_become_time)
{
	struct session session;
	struct ledger_reader *reader;
	struct ledger_entry entry;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	usleep(50000);
	write_calls(&session, 1);
	usleep(20000);
	ledger_writer_finish(&session.writer, LEDGER_END_EXIT, 0);
	session_close(&session);
	reader = open_reader();
	next(reader, LEDGER_SEGMENT, &entry);
	next(reader, LEDGER_CALL, &entry);
	cr_expect_geq(ledger_reader_time_ns(reader, entry.ticks), 49000000);
	cr_expect_lt(ledger_reader_time_ns(reader, entry.ticks), 1000000000);
	cr_expect_eq(ledger_reader_time_ns(reader, 0), 0);
	ledger_reader_close(reader);
}

/* ---------------------------------------------------------------- segments */

Test(ledger_writer, oldest_segments_are_written_over)
{
	const unsigned n = 10 * WINDOW_RECORDS;
	struct session session;
	struct ledger_reader *reader;

	cr_assert_eq(session_open(&session, scratch_path(), 3 * LEDGER_WINDOW_SIZE + 9999), 0);
	cr_assert_eq(session.writer.n_segments, 3);
	session_baseline(&session);
	write_calls(&session, n);
	session_close(&session);
	reader = open_reader();
	cr_expect_gt(ledger_reader_first_event(reader), n - 3 * WINDOW_RECORDS);
	cr_expect_lt(ledger_reader_first_event(reader), n - 2 * WINDOW_RECORDS);
	cr_expect_eq(check_calls(reader), n);
	cr_expect_null(ledger_reader_damage(reader), "%s", ledger_reader_damage(reader));
	ledger_reader_close(reader);
}

Test(ledger_writer, a_segment_begins_with_a_checkpoint)
{
	struct session session;
	struct ledger_reader *reader;
	struct ledger_entry entry;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	write_calls(&session, 3 * WINDOW_RECORDS);
	session_close(&session);
	reader = open_reader();
	next(reader, LEDGER_SEGMENT, &entry);
	cr_expect_gt(entry.segment.lap, 1);
	cr_expect_eq(entry.segment.first_event, ledger_reader_first_event(reader));
	next(reader, LEDGER_OBJECT, &entry);
	cr_expect(entry.in_checkpoint);
	next(reader, LEDGER_RESYNC, &entry);
	cr_expect(entry.in_checkpoint);
	cr_expect_eq(entry.resync.head.reason, VM_REASON_CHECKPOINT);
	next(reader, LEDGER_CALL, &entry);
	cr_expect_not(entry.in_checkpoint);
	ledger_reader_close(reader);
}

Test(ledger_writer, segment_remembers_the_break)
{
	struct session session;
	struct ledger_reader *reader;
	struct ledger_entry entry;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_call(&session, VM_OP_BRK, (uint64_t[6]){ 0x9000 }, 0x9000);
	write_calls(&session, 3 * WINDOW_RECORDS);
	session_close(&session);
	reader = open_reader();
	next(reader, LEDGER_SEGMENT, &entry);
	cr_expect_eq(entry.segment.brk, 0x9000);
	ledger_reader_close(reader);
}

struct fact_case {
	char name[40];
	enum vm_op op;
	uint64_t args[6];
	int64_t result;
	uint32_t facts;
	uint32_t personality;
	uint64_t brk, start_brk; /* 0: as the header has it */
};

#define ADDR_NO_RANDOMIZE_ 0x0040000
#define READ_IMPLIES_EXEC_ 0x0400000

static const struct fact_case fact_cases[] = {
	{ "nothing", VM_OP_MADVISE, { 0x1000, 0, 4 }, 0, 0, 0, 0, 0 },
	{ "what comes is locked", VM_OP_MLOCKALL, { MCL_FUTURE }, 0, LEDGER_FACT_LOCKED, 0, 0, 0 },
	{ "only what is there is", VM_OP_MLOCKALL, { MCL_CURRENT }, 0, 0, 0, 0, 0 },
	{ "locking was refused", VM_OP_MLOCKALL, { MCL_FUTURE }, -EPERM, 0, 0, 0, 0 },
	{ "personality",
	  VM_OP_PERSONALITY,
	  { ADDR_NO_RANDOMIZE_ },
	  0,
	  0,
	  ADDR_NO_RANDOMIZE_,
	  0,
	  0 },
	{ "personality, of which x depends",
	  VM_OP_PERSONALITY,
	  { READ_IMPLIES_EXEC_ },
	  0,
	  LEDGER_FACT_EXEC_UNSURE,
	  READ_IMPLIES_EXEC_,
	  0,
	  0 },
	{ "personality, asked", VM_OP_PERSONALITY, { UINT32_MAX }, 0, 0, 0, 0, 0 },
	{ "break", VM_OP_BRK, { 0x9000 }, 0x9000, 0, 0, 0x9000, 0 },
	{ "break, moved by prctl",
	  VM_OP_PRCTL,
	  { PR_SET_MM, PR_SET_MM_BRK, 0xa000 },
	  0,
	  0,
	  0,
	  0xa000,
	  0 },
	{ "start of the heap",
	  VM_OP_PRCTL,
	  { PR_SET_MM, PR_SET_MM_START_BRK, 0x5000 },
	  0,
	  0,
	  0,
	  0,
	  0x5000 },
	{ "another part of the program",
	  VM_OP_PRCTL,
	  { PR_SET_MM, PR_SET_MM_START_CODE, 0x5000 },
	  0,
	  0,
	  0,
	  0,
	  0 },
};

/* What calls decided about later ones outlives the segment that they were recorded in. */
Test(ledger_writer, a_segment_remembers_what_calls_decided)
{
	for (size_t i = 0; i < sizeof(fact_cases) / sizeof(fact_cases[0]); i++) {
		const struct fact_case *row = &fact_cases[i];
		struct session session;
		struct ledger_reader *reader;
		struct ledger_entry entry;

		cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
		session_call(&session, row->op, row->args, row->result);
		write_calls(&session, 3 * WINDOW_RECORDS);
		session_close(&session);
		reader = open_reader();
		next(reader, LEDGER_SEGMENT, &entry);
		cr_expect_gt(entry.segment.lap, 1);
		cr_expect_eq(entry.segment.facts, row->facts, "%s: facts", row->name);
		cr_expect_eq(entry.segment.personality, row->personality, "%s: personality",
			     row->name);
		if (row->brk != 0)
			cr_expect_eq(entry.segment.brk, row->brk, "%s: break", row->name);
		cr_expect_eq(entry.segment.start_brk, row->start_brk, "%s: start", row->name);
		ledger_reader_close(reader);
		scratch_remove();
	}
}

Test(ledger_writer, locks_end_with_munlockall)
{
	struct session session;
	struct ledger_reader *reader;
	struct ledger_entry entry;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_call(&session, VM_OP_MLOCKALL, (uint64_t[6]){ MCL_FUTURE }, 0);
	session_call(&session, VM_OP_MUNLOCKALL, (uint64_t[6]){ 0 }, 0);
	write_calls(&session, 3 * WINDOW_RECORDS);
	session_close(&session);
	reader = open_reader();
	next(reader, LEDGER_SEGMENT, &entry);
	cr_expect_eq(entry.segment.facts, 0);
	ledger_reader_close(reader);
}

Test(ledger_writer, room_keeps_a_group_in_one_segment)
{
	static struct memory_area areas[1000];
	struct session session;
	struct ledger_reader *reader;
	struct ledger_entry entry;
	unsigned n = 0;

	for (unsigned i = 0; i < 1000; i++)
		areas[i].range = (struct addr_range){ (i + 1) << 13, ((i + 1) << 13) + 4096 };
	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	for (unsigned i = 0; i < 100; i++)
		session_resync(&session, VM_REASON_EFFECT, (struct addr_range){ 4096, 1 << 30 },
			       areas, 1000);
	session_close(&session);
	reader = open_reader();
	while (ledger_reader_next(reader, &entry))
		if (entry.kind == LEDGER_RESYNC && !entry.in_checkpoint)
			n++;
	cr_expect_geq(n, 14, "%u groups", n);
	cr_expect_null(ledger_reader_damage(reader), "%s", ledger_reader_damage(reader));
	ledger_reader_close(reader);
}

static void endless_checkpoint(void *context, struct ledger_writer *writer)
{
	const struct vm_object object = { .name = "" };

	(void)context;
	for (unsigned i = 0; i < 20000; i++)
		ledger_writer_object(writer, 1, &object);
}

Test(ledger_writer, a_checkpoint_that_does_not_fit_is_the_end)
{
	struct session session;
	struct ledger_reader *reader;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session.writer.checkpoint = endless_checkpoint;
	write_calls(&session, 3 * WINDOW_RECORDS);
	cr_expect_null(ledger_writer_begin(&session.writer, LEDGER_NOTE));
	cr_expect_not(ledger_writer_room(&session.writer, 1));
	session_close(&session);
	reader = open_reader();
	cr_expect_eq(ledger_reader_header(reader)->end, LEDGER_END_TOO_BIG);
	cr_expect_eq(check_calls(reader), WINDOW_RECORDS - 1);
	ledger_reader_close(reader);
}

/* Is the mapping with this address left out of core dumps? */
static bool is_left_out_of_dumps(const void *addr)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	char line[512];
	bool here = false, found = false;

	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = (uintptr_t)addr >= start && (uintptr_t)addr < end;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, " dd") != NULL;
	}
	fclose(smaps);
	return found;
}

static bool has_dontdump(void)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool has = madvise(page, 4096, MADV_DONTDUMP) == 0 && is_left_out_of_dumps(page);

	munmap(page, 4096);
	return has;
}

Test(ledger_writer, window_moves_and_stays_out_of_core_dumps)
{
	struct addr_range ranges[2];
	uint64_t offsets[2];
	struct session session;

	if (!has_remap_file_pages())
		cr_skip_test("there is no remap_file_pages here");
	if (!has_dontdump())
		cr_skip_test("MADV_DONTDUMP has no effect here");
	cr_assert_eq(session_open(&session, scratch_path(), 64 << 20), 0);
	cr_expect_not(ledger_writer_moved(&session.writer));
	cr_expect_eq(ledger_writer_ranges(&session.writer, ranges, offsets), 2);
	cr_expect_eq(offsets[1], LEDGER_HEADER_SIZE);
	cr_expect(is_left_out_of_dumps(session.writer.header));
	cr_expect(is_left_out_of_dumps(session.writer.window));
	write_calls(&session, WINDOW_RECORDS + 10);
	cr_expect(ledger_writer_moved(&session.writer));
	cr_expect_not(ledger_writer_moved(&session.writer));
	cr_expect_eq(ledger_writer_ranges(&session.writer, ranges, offsets), 2);
	cr_expect_eq(offsets[1], LEDGER_HEADER_SIZE + LEDGER_WINDOW_SIZE);
	cr_expect(is_left_out_of_dumps(session.writer.header));
	cr_expect(is_left_out_of_dumps(session.writer.window));
	session_close(&session);
	cr_expect_eq(ledger_writer_ranges(&session.writer, ranges, offsets), 0);
}

/* -------------------------------------------------------------- refusals */

Test(ledger_writer, never_takes_an_existing_file)
{
	struct session session;

	cr_assert_eq(symlink("/dev/null", scratch_path()), 0);
	cr_expect_eq(session_open(&session, scratch_path(), SMALLEST), -EEXIST);
	unlink(scratch_path());
	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_close(&session);
	cr_expect_eq(session_open(&session, scratch_path(), SMALLEST), -EEXIST);
}

Test(ledger_writer, too_small_is_an_error)
{
	struct session session;

	cr_expect_eq(session_open(&session, scratch_path(), SMALLEST - 1), -EFBIG);
	cr_expect_eq(access(scratch_path(), F_OK), -1);
}

Test(ledger_writer, obeys_the_file_size_limit)
{
	struct session session;
	struct stat status;

	/* Going beyond it would kill us with SIGXFSZ. */
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ SMALLEST + 5, SMALLEST + 5 });
	cr_assert_eq(session_open(&session, scratch_path(), 64 << 20), 0);
	write_calls(&session, 3 * WINDOW_RECORDS);
	cr_expect_eq(session.writer.n_events, 3 * WINDOW_RECORDS);
	session_close(&session);
	stat(scratch_path(), &status);
	cr_expect_eq(status.st_size, SMALLEST);
	unlink(scratch_path());
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ SMALLEST - 1, SMALLEST - 1 });
	cr_expect_eq(session_open(&session, scratch_path(), 64 << 20), -EFBIG);
	cr_expect_eq(access(scratch_path(), F_OK), -1);
}

Test(ledger_writer, leaves_nothing_behind_when_memory_is_short)
{
	struct session session;
	const char *path = scratch_path();
	struct rlimit before;
	void *more;
	int error;

	getrlimit(RLIMIT_AS, &before);
	setrlimit(RLIMIT_AS, &(struct rlimit){ 4096, before.rlim_max });
	more = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	error = session_open(&session, path, 64 << 20);
	setrlimit(RLIMIT_AS, &before);
	if (more != MAP_FAILED)
		cr_skip_test("RLIMIT_AS has no effect here");
	cr_expect_eq(error, -ENOMEM);
	cr_expect_eq(access(scratch_path(), F_OK), -1);
}

/* --------------------------------------------------------------- confined */

/* Everything but the end of the thread kills. (Strict mode forbids reading the clock, too.) */
static int forbid_system_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { .len = 4, .filter = code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void write_under_seccomp(void)
{
	struct session session;

	if (session_open(&session, scratch_path(), 64 << 20) < 0)
		_exit(1);
	session_baseline(&session);
	ledger_writer_confine(&session.writer);
	if (forbid_system_calls() < 0)
		_exit(77);
	write_calls(&session, 2 * WINDOW_RECORDS);
	ledger_writer_finish(&session.writer, LEDGER_END_EXIT, 0);
	syscall(SYS_exit, 0);
}

Test(ledger_writer, makes_no_system_call_when_confined)
{
	struct ledger_reader *reader;
	pid_t child;
	int status;

	scratch_path();
	child = fork();
	if (child == 0)
		write_under_seccomp();
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip_test("seccomp is not available");
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	reader = open_reader();
	cr_expect_eq(ledger_reader_header(reader)->end, LEDGER_END_CONFINED);
	cr_expect_gt(check_calls(reader), WINDOW_RECORDS - 20);
	ledger_reader_close(reader);
}

/* ------------------------------------------------- kernels that can do less */

/* What system call @nr answers from now on, if @arg2 is its third argument. */
static void answer_instead(int nr, uint32_t arg2, uint16_t error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arg2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 6, .filter = code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		cr_skip_test("seccomp is not available");
}

Test(ledger_writer, all_of_the_file_is_mapped_where_no_window_can_move)
{
	const unsigned n = 10 * WINDOW_RECORDS;
	struct session session;
	struct ledger_reader *reader;
	struct addr_range ranges[2];
	uint64_t offsets[2];

	if (has_remap_file_pages())
		answer_instead(SYS_remap_file_pages, 0, ENOSYS);
	cr_assert_eq(session_open(&session, scratch_path(), 3 * LEDGER_WINDOW_SIZE + 9999), 0);
	session_baseline(&session);
	write_calls(&session, n);
	cr_expect_not(ledger_writer_moved(&session.writer));
	cr_assert_eq(ledger_writer_ranges(&session.writer, ranges, offsets), 2);
	cr_expect_eq(ranges[1].end - ranges[0].start, LEDGER_HEADER_SIZE + 3 * LEDGER_WINDOW_SIZE);
	cr_expect_eq(ranges[1].start - ranges[0].start, LEDGER_HEADER_SIZE);
	cr_expect_eq(offsets[1], LEDGER_HEADER_SIZE);
	session_close(&session);
	cr_expect_lt(msync((void *)(uintptr_t)(ranges[1].end - 4096), 4096, MS_ASYNC), 0,
		     "nothing is left mapped");
	reader = open_reader();
	cr_expect_gt(ledger_reader_first_event(reader), n - 3 * WINDOW_RECORDS);
	cr_expect_eq(check_calls(reader), n);
	cr_expect_null(ledger_reader_damage(reader), "%s", ledger_reader_damage(reader));
	ledger_reader_close(reader);
}

static void expect_allocated_at_once(void)
{
	struct session session;
	struct stat status;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	cr_assert_eq(stat(scratch_path(), &status), 0);
	cr_expect_geq(status.st_blocks * 512, SMALLEST);
	write_calls(&session, 3 * WINDOW_RECORDS);
	cr_expect_eq(session.writer.n_events, 3 * WINDOW_RECORDS);
	session_close(&session);
}

Test(ledger_writer, allocates_all_where_no_room_can_be_made_later)
{
	if (has_populate_write())
		answer_instead(SYS_madvise, MADV_POPULATE_WRITE, EINVAL);
	expect_allocated_at_once();
}

/* An emulator (qemu-user) may accept any advice, and follow none. */
Test(ledger_writer, does_not_believe_who_accepts_any_advice)
{
	if (has_populate_write()) {
		answer_instead(SYS_madvise, MADV_POPULATE_WRITE, 0);
		answer_instead(SYS_madvise, (uint32_t)-1, 0);
	}
	expect_allocated_at_once();
}

/* -------------------------------------------------------------- full disk */

/* A disk of @kilobytes for this process alone, at the scratch directory; or skip. */
static void mount_small_disk(unsigned kilobytes)
{
	char directory[96], options[32];

	snprintf(directory, sizeof(directory), "%s", scratch_path());
	*strrchr(directory, '/') = '\0';
	snprintf(options, sizeof(options), "size=%uk", kilobytes);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("ledger", directory, "tmpfs", 0, options) < 0)
		cr_skip_test("no right to mount a small disk: %s", strerror(errno));
}

Test(ledger_writer, full_disk_stops_the_recording_and_not_the_program)
{
	struct session session;
	struct ledger_reader *reader;
	uint64_t n;

	if (!has_populate_write())
		cr_skip_test("there is no MADV_POPULATE_WRITE here (Linux 5.14)");
	mount_small_disk(700);
	cr_assert_eq(session_open(&session, scratch_path(), 64 << 20), 0);
	write_calls(&session, 5 * WINDOW_RECORDS);
	cr_expect_null(ledger_writer_begin(&session.writer, LEDGER_NOTE));
	n = session.writer.n_events;
	session_close(&session);
	reader = open_reader();
	cr_expect_eq(ledger_reader_header(reader)->end, LEDGER_END_DISK_FULL);
	cr_expect_eq(check_calls(reader), n);
	cr_expect_geq(n, 690 * 1024 / 64, "the disk was used up to the last page: %lu", n);
	ledger_reader_close(reader);
}

Test(ledger_writer, full_disk_falls_back_on_segments_that_are_there)
{
	const unsigned n = 20 * WINDOW_RECORDS;
	struct session session;
	struct ledger_reader *reader;

	if (!has_populate_write())
		cr_skip_test("there is no MADV_POPULATE_WRITE here (Linux 5.14)");
	mount_small_disk(3500);
	cr_assert_eq(session_open(&session, scratch_path(), 8 << 20), 0);
	session_baseline(&session);
	write_calls(&session, n);
	cr_expect_eq(session.writer.n_segments, 3);
	session_close(&session);
	reader = open_reader();
	cr_expect_eq(ledger_reader_header(reader)->end, LEDGER_END_OPEN);
	cr_expect_eq(check_calls(reader), n);
	cr_expect_null(ledger_reader_damage(reader), "%s", ledger_reader_damage(reader));
	ledger_reader_close(reader);
}

Test(ledger_writer, disk_without_room_for_the_start_is_an_error)
{
	struct session session;

	mount_small_disk(16);
	cr_expect_lt(session_open(&session, scratch_path(), 64 << 20), 0);
	cr_expect_eq(access(scratch_path(), F_OK), -1);
}
