/* SPDX-License-Identifier: Apache-2.0 */

/*
 * make_ledger FILE - writes a ledger, with the real writer, from a script on stdin
 *
 * One line, one thing; numbers as in C, sizes and addresses in bytes:
 *
 *     object ID DEV INO NAME            NAME to the end of the line
 *     map START END REASON EVENT        the "area" lines up to the next other
 *     area START END PERM OBJECT OFFSET line are what is in it; OFFSET - for none
 *     call TIME_US TID OP RESULT ARG... RESULT ? for a call in flight
 *     stack ID FRAME...                 the stack of the calls that follow; 0: none
 *     verify                            "area" lines follow
 *     check START END EVENT             the same for a part, right after a call
 *     thread TID SP
 *     site STATE OBJECT ADDR            STATE is a number of enum ledger_site_state
 *     note TEXT                         mark TEXT and expect TEXT: notes of the program's
 *     flags VM_CALL_                    of the calls that follow
 *     header FIELD VALUE                a field of the header; see below
 *     fault SIGNAL CODE ADDRESS PC ACCESS PAGE EVENT
 *     exit STATUS
 *
 * Everything that would differ from run to run is set to a fixed value: one
 * tick is one nanosecond, the pid is 4242.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ledger/ledger_writer.h"
#include "vma/vm_flags.h"
#include "vma/vm_space.h"

#define START_TICKS 1000000u
#define GROUP_MAX   100

struct group {
	char kind; /* 'm'ap, 'v'erify, 'c'heck, or none */
	struct addr_range range;
	unsigned reason;
	uint64_t event;
	struct memory_area areas[GROUP_MAX];
	uint32_t n;
};

static struct ledger_writer writer;
static struct group group;
static uint64_t now = START_TICKS;

static uint64_t number(char **line)
{
	char *word = strtok_r(NULL, " ", line);

	if (word == NULL)
		errx(1, "a number is missing");
	return strcmp(word, "-") == 0 ? UINT64_MAX : strtoull(word, NULL, 0);
}

static uint64_t perm_of(const char *word)
{
	uint64_t flags = 0;

	for (; word != NULL && *word != '\0'; word++)
		switch (*word) {
		case 'r':
			flags |= VM_READ;
			break;
		case 'w':
			flags |= VM_WRITE;
			break;
		case 'x':
			flags |= VM_EXEC;
			break;
		case 's':
			flags |= VM_SHARED;
			break;
		case 'o':
			flags |= VM_OWN;
			break;
		case 'g':
			flags |= VM_GROWSDOWN;
			break;
		}
	return flags;
}

static unsigned find_reason(const char *name)
{
	for (unsigned i = 0; name != NULL && i < VM_REASON_COUNT; i++)
		if (strcmp(vm_reason_name(i), name) == 0)
			return i;
	errx(1, "no reason %s", name);
}

static unsigned find_op(const char *name)
{
	for (unsigned i = 0; name != NULL && i < VM_OP_COUNT; i++)
		if (strcmp(vm_op_info(i)->name, name) == 0)
			return i;
	errx(1, "no call %s", name);
}

static void write_group(void)
{
	if (group.kind == 'm') {
		struct ledger_resync *head;

		head = ledger_writer_begin(&writer, LEDGER_RESYNC);
		head->reason = (uint8_t)group.reason;
		head->n_areas = group.n;
		head->ticks = now;
		head->start = group.range.start;
		head->end = group.range.end;
		head->event = group.event;
		ledger_writer_done(&writer, head);
	} else if (group.kind == 'v' || group.kind == 'c') {
		struct ledger_verify *head = ledger_writer_begin(&writer, LEDGER_VERIFY);

		head->at_exit = group.kind == 'v';
		head->event = group.event;
		head->start = group.range.start;
		head->end = group.range.end;
		head->n_areas = group.n;
		head->ticks = now;
		ledger_writer_done(&writer, head);
	}
	for (uint32_t i = 0; i < group.n; i++)
		ledger_writer_area(&writer, &group.areas[i]);
	group.kind = 0;
	group.n = 0;
}

static void do_area(char **line)
{
	struct memory_area *area = &group.areas[group.n++];

	if (group.n > GROUP_MAX - 1)
		errx(1, "too many areas");
	area->range.start = number(line);
	area->range.end = number(line);
	area->flags = perm_of(strtok_r(NULL, " ", line));
	if (group.kind == 'm' && group.reason == VM_REASON_BASELINE)
		area->flags |= VM_BASELINE;
	area->tag[VM_TAG_OBJECT] = number(line);
	area->offset = number(line);
	if (area->offset != MEMORY_AREA_NO_OFFSET)
		area->flags |= VM_FILE;
}

static void do_object(char **line)
{
	uint32_t id = (uint32_t)number(line);
	struct vm_object object = { .dev = number(line), .ino = number(line) };

	object.name = *line;
	object.name_len = (uint16_t)strlen(object.name);
	ledger_writer_object(&writer, id, &object);
}

static uint32_t stack;

static void do_stack(char **line)
{
	uint64_t frames[LEDGER_STACK_FRAMES_MAX];
	struct ledger_trace trace = { .end = LEDGER_STACK_OUTERMOST, .frames = frames };
	char *word;

	trace.id = stack = (uint32_t)number(line);
	if (stack == 0)
		return;
	while (trace.n_frames < LEDGER_STACK_FRAMES_MAX &&
	       (word = strtok_r(NULL, " ", line)) != NULL)
		frames[trace.n_frames++] = strtoull(word, NULL, 0);
	if (!ledger_writer_room(&writer, ledger_trace_records(trace.n_frames)))
		errx(1, "no room");
	ledger_writer_stack(&writer, &trace);
}

static uint8_t flags;

static void do_call(char **line)
{
	struct vm_call call = { .tier = VM_TIER_SITE, .stack = stack, .flags = flags };
	struct ledger_call *record;
	const char *result;
	char *word;

	now = START_TICKS + number(line) * 1000;
	call.ticks = now;
	call.tid = (uint32_t)number(line);
	call.op = (uint8_t)find_op(strtok_r(NULL, " ", line));
	result = strtok_r(NULL, " ", line);
	for (unsigned i = 0; i < 6 && (word = strtok_r(NULL, " ", line)) != NULL; i++)
		call.args[i] = strtoull(word, NULL, 0);
	record = ledger_writer_begin_call(&writer, &call);
	if (record == NULL || result == NULL)
		errx(1, "no call");
	record->ticks = now;
	if (strcmp(result, "?") == 0)
		return;
	record->result = (int64_t)strtoull(result, NULL, 0);
	ledger_writer_done(&writer, record);
}

static struct ledger_header fixed = {
	.pid = 4242,
	.ppid = 4200,
	.start_realtime_ns = 1700000000ull * 1000000000,
	.end = LEDGER_END_OPEN,
	.link = LEDGER_LINK_SPAWN,
	.start_stack = 0x7ffffffde000,
	.start_brk = 0x555555560000,
	.brk = 0x555555560000,
};

#define FIELD(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct ledger_header, name),                                       \
			sizeof(((struct ledger_header *)0)->name)                                  \
	}

static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
	FIELD(pid),
	FIELD(ppid),
	FIELD(id),
	FIELD(parent),
	FIELD(link),
	FIELD(parent_event),
	FIELD(n_checks),
	FIELD(n_checks_busy),
	FIELD(n_unrecorded),
	FIELD(n_bad_lines),
	FIELD(n_checks_blind),
	FIELD(n_bypassed),
	FIELD(n_deferred),
	FIELD(child_error),
	FIELD(exec_error),
	FIELD(n_children_lost),
	FIELD(end),
};

/* An id is of equal bytes. */
static void do_header(char **line)
{
	const char *name = strtok_r(NULL, " ", line);
	uint64_t value = number(line);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		char *field = (char *)&fixed + fields[i].offset;

		if (strcmp(name, fields[i].name) != 0)
			continue;
		if (fields[i].size > sizeof(value))
			memset(field, (int)value, fields[i].size);
		else
			memcpy(field, &value, fields[i].size);
		return;
	}
	errx(1, "no field %s", name);
}

/* In the thread of the last call, after it. */
static void do_fault(char **line)
{
	struct ledger_fault *fault = &fixed.fault;

	fault->state = LEDGER_FAULT_COMPLETE;
	fault->signal = (uint32_t)number(line);
	fault->code = (int32_t)number(line);
	fault->address = number(line);
	fault->pc = number(line);
	fault->access = (uint32_t)number(line);
	fault->page = (uint32_t)number(line);
	fault->event = number(line);
	fault->ticks = now + 1000;
	fault->tid = 4242;
	fault->sp = 0x7fffffffe000;
	fault->sender_pid = fault->code <= 0 ? 4200 : 0;
	fault->sender_uid = fault->code <= 0 ? 1000 : 0;
}

/* The writer looks at the clock. */
static void do_thread(char **line)
{
	uint32_t tid = (uint32_t)number(line);

	ledger_writer_thread(&writer, tid, number(line));
}

static void do_site(char **line)
{
	struct ledger_site *site = ledger_writer_begin(&writer, LEDGER_SITE);

	site->site_state = (uint8_t)number(line);
	site->op = VM_OP_MMAP;
	site->object = (uint32_t)number(line);
	site->addr = number(line);
	ledger_writer_done(&writer, site);
}

static void do_note(unsigned what, const char *sentence)
{
	struct ledger_note *note;

	note = (void *)(writer.window + (writer.next - writer.window_offset) / LEDGER_RECORD_SIZE);
	ledger_writer_note(&writer, what, sentence);
	note->ticks = now;
}

static void do_line(char *text)
{
	char *line;
	const char *word = strtok_r(text, " ", &line);

	if (word == NULL || word[0] == '#')
		return;
	if (strcmp(word, "area") == 0) {
		do_area(&line);
		return;
	}
	write_group();
	if (strcmp(word, "object") == 0) {
		do_object(&line);
	} else if (strcmp(word, "map") == 0) {
		group.kind = 'm';
		group.range.start = number(&line);
		group.range.end = number(&line);
		group.reason = find_reason(strtok_r(NULL, " ", &line));
		group.event = number(&line);
	} else if (strcmp(word, "call") == 0) {
		do_call(&line);
	} else if (strcmp(word, "stack") == 0) {
		do_stack(&line);
	} else if (strcmp(word, "verify") == 0) {
		group.kind = 'v';
		group.range = (struct addr_range){ 0, 0 };
		group.event = 0;
	} else if (strcmp(word, "check") == 0) {
		group.kind = 'c';
		group.range.start = number(&line);
		group.range.end = number(&line);
		group.event = number(&line);
	} else if (strcmp(word, "thread") == 0) {
		do_thread(&line);
	} else if (strcmp(word, "site") == 0) {
		do_site(&line);
	} else if (strcmp(word, "note") == 0) {
		do_note(LEDGER_NOTE_DEGRADED, line);
	} else if (strcmp(word, "mark") == 0) {
		do_note(LEDGER_NOTE_MARK, line);
	} else if (strcmp(word, "expect") == 0) {
		do_note(LEDGER_NOTE_EXPECT, line);
	} else if (strcmp(word, "flags") == 0) {
		flags = (uint8_t)number(&line);
	} else if (strcmp(word, "fault") == 0) {
		do_fault(&line);
	} else if (strcmp(word, "header") == 0) {
		do_header(&line);
	} else if (strcmp(word, "exit") == 0) {
		fixed.end = LEDGER_END_EXIT;
		fixed.exit_status = (int32_t)number(&line);
	} else {
		errx(1, "no such line: %s", word);
	}
}

static void no_checkpoint(void *context, struct ledger_writer *unused)
{
	(void)context;
	(void)unused;
}

static void fix_header(struct ledger_header *header)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		memcpy((char *)header + fields[i].offset, (char *)&fixed + fields[i].offset,
		       fields[i].size);
	header->fault = fixed.fault;
	memset(header->boot_id, 7, sizeof(header->boot_id));
	header->start_realtime_ns = fixed.start_realtime_ns;
	header->start_monotonic_ns = 5000000;
	header->start_ticks = START_TICKS;
	header->last_monotonic_ns = 5000000 + 1000000000;
	header->last_ticks = START_TICKS + 1000000000;
	header->exit_status = fixed.exit_status;
	snprintf(header->kernel_release, sizeof(header->kernel_release), "6.1.0");
}

/* The writer takes its clock pairs from the machine: put ours in their place. */
static void fix_file(const char *path)
{
	struct ledger_header header;
	struct ledger_segment segment;
	int fd = open(path, O_RDWR);

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    pread(fd, &segment, sizeof(segment), LEDGER_HEADER_SIZE) != sizeof(segment))
		err(1, "%s", path);
	fix_header(&header);
	segment.ticks = START_TICKS;
	segment.monotonic_ns = 5000000;
	if (pwrite(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    pwrite(fd, &segment, sizeof(segment), LEDGER_HEADER_SIZE) != sizeof(segment))
		err(1, "%s", path);
	close(fd);
}

int main(int argc, char **argv)
{
	static const char command[] = "./demo\0with\0arguments";
	struct ledger_writer_options options = {
		.path = argv[1],
		.max_size = 4u << 20,
		.link = LEDGER_LINK_SPAWN,
		.start_brk = fixed.start_brk,
		.brk = fixed.brk,
		.start_stack = fixed.start_stack,
		.executable = "/home/demo",
		.command = command,
		.command_len = sizeof(command),
		.shim_version = "0.1.0",
		.checkpoint = no_checkpoint,
	};
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int error;

	if (argc != 2)
		errx(1, "usage: make_ledger FILE");
	memset(fixed.id, 1, sizeof(fixed.id));
	error = ledger_writer_open(&writer, &options);
	if (error < 0) {
		errno = -error;
		err(1, "%s", argv[1]);
	}
	while ((len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		do_line(line);
	}
	write_group();
	free(line);
	ledger_writer_close(&writer);
	fix_file(argv[1]);
	return 0;
}
