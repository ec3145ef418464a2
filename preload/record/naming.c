/* SPDX-License-Identifier: Apache-2.0 */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "base/sys.h"
#include "base/text.h"
#include "map/baseline.h"
#include "map/declare.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/resync.h"
#include "record/naming.h"
#include "shim/shim.h"

#define TRIES 1000

static char executable[1024];
static char command[1024];
static char path[OPTIONS_PATH_MAX + 320];

static const char *base_name(const char *name)
{
	const char *base = name;

	for (; *name != '\0'; name++)
		if (*name == '/')
			base = name + 1;
	return base;
}

static void read_executable(void)
{
	long len = sys_readlinkat(AT_FDCWD, "/proc/self/exe", executable, sizeof(executable) - 1);

	executable[len > 0 ? len : 0] = '\0';
}

static uint32_t read_command(void)
{
	uint32_t len = 0;

	for (char **arg = shim.argv; arg != NULL && *arg != NULL; arg++)
		for (const char *c = *arg; len < sizeof(command); c++) {
			command[len++] = *c;
			if (*c == '\0')
				break;
		}
	return len;
}

/* Return: does the name tell @n? */
static bool expand(struct text *text, const char *pattern, unsigned n)
{
	bool told = false;

	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '%' || pattern[1] == '\0') {
			text_char(text, *pattern);
			continue;
		}
		switch (*++pattern) {
		case 'p':
			text_decimal(text, shim.pid);
			break;
		case 'e':
			text_string(text, executable[0] ? base_name(executable) : "unknown");
			break;
		case 'n':
			text_decimal(text, n);
			told = true;
			break;
		default:
			text_char(text, *pattern);
		}
	}
	return told;
}

/* The @n-th name to try. False when it does not fit. */
static bool make_path(unsigned n)
{
	struct text text;

	text_init(&text, path, sizeof(path));
	if (shim.options.root == 0) {
		if (!expand(&text, shim.options.output, n) && n > 0) {
			text_char(&text, '.');
			text_decimal(&text, n);
		}
		return !text.cut;
	}
	text_string(&text, shim.options.output);
	if (shim.options.root == shim.pid && n == 0)
		return !text.cut;
	text_string(&text, ".d/");
	expand(&text, "%e.%p.", 0);
	text_decimal(&text, shim.options.root == shim.pid ? n - 1 : n);
	text_string(&text, ".mlg");
	return !text.cut;
}

static int make_folder(void)
{
	static char folder[OPTIONS_PATH_MAX + 4]; /* a child's first call may be on a small stack */
	struct text text;

	text_init(&text, folder, sizeof(folder));
	text_string(&text, shim.options.output);
	text_string(&text, ".d");
	return (int)sys_mkdirat(AT_FDCWD, folder, 0700);
}

/* The id in an existing ledger of this very process: it was there before execve. */
static bool id_before_exec(uint8_t id[LEDGER_ID_SIZE])
{
	struct {
		char magic[8];
		uint8_t rest[152];
	} head;
	uint32_t pid;
	long fd, n;

	if (shim.options.root != shim.pid)
		return false;
	fd = sys_openat(AT_FDCWD, shim.options.output, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return false;
	n = sys_pread((int)fd, &head, sizeof(head), 0);
	sys_close((int)fd);
	if (n != sizeof(head) || memcmp(head.magic, LEDGER_MAGIC, sizeof(head.magic)) != 0)
		return false;
	memcpy(&pid, (char *)&head + offsetof(struct ledger_header, pid), sizeof(pid));
	memcpy(id, (char *)&head + offsetof(struct ledger_header, id), LEDGER_ID_SIZE);
	return pid == shim.pid;
}

/* The set knows the new mappings, and the ledger knows the set. */
void naming_write_start(void)
{
	struct addr_range ranges[2];
	uint64_t offsets[2];
	unsigned n = ledger_writer_ranges(&shim.writer, ranges, offsets);
	struct ledger_writer recording = shim.writer;

	/* Not in the ledger yet: the baseline that follows says it all. */
	shim.writer = (struct ledger_writer){ 0 };
	for (unsigned i = 0; i < n; i++)
		resync_range(ranges[i], VM_REASON_BASELINE, 0);
	shim.writer = recording;
	own_memory_mark();
	declare_forget();
	declare_set(&shim.writer);
	baseline_write(&shim.writer, VM_REASON_BASELINE);
	own_memory_update();
}

int naming_create_ledger(enum ledger_link link, const uint8_t *parent, uint64_t parent_event)
{
	uint8_t before[LEDGER_ID_SIZE];
	struct ledger_writer_options options = {
		.path = path,
		.max_size = shim.options.max_size,
		.link = link,
		.parent = parent,
		.parent_event = parent_event,
		.start_brk = map.space.start_brk,
		.brk = map.space.brk,
		.start_stack = map.space.start_stack,
		.personality = map.space.personality,
		.executable = executable,
		.command = command,
		.shim_version = MAPLEDGER_VERSION,
		.checkpoint = baseline_checkpoint,
	};
	int error = -ENAMETOOLONG;

	read_executable();
	options.command_len = read_command();
	for (unsigned n = 0; n < TRIES && make_path(n); n++) {
		if (n == 1 && link != LEDGER_LINK_FORK && id_before_exec(before)) {
			options.link = LEDGER_LINK_EXEC;
			options.parent = before;
		}
		options.exec_count = n;
		error = ledger_writer_open(&shim.writer, &options);
		if (error == -ENOENT) {
			error = make_folder();
			if (error == 0 || error == -EEXIST) /* by a sibling, just now */
				error = ledger_writer_open(&shim.writer, &options);
		}
		if (error != -EEXIST)
			break;
	}
	return error;
}

/*
 * Through a mapping: where a limit on file sizes was the reason, writing would bring a
 * signal. Only the first process of a family knows its ledger's name.
 */
void naming_tell_before_exec(int error)
{
	struct ledger_header *header;
	uint8_t id[LEDGER_ID_SIZE];
	long fd, at;

	if (!id_before_exec(id))
		return;
	fd = sys_openat(AT_FDCWD, shim.options.output, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return;
	at = sys_mmap(0, LEDGER_HEADER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	sys_close((int)fd);
	if (sys_is_error(at))
		return;
	header = (struct ledger_header *)at;
	header->exec_error = error;
	sys_munmap((uint64_t)at, LEDGER_HEADER_SIZE);
}
