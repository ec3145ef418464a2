/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Making a ledger's file: its name, its size within what limits and the disk allow, its first
 * page
 */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include "base/clock.h"
#include "base/sys.h"
#include "base/text.h"
#include "ledger/ledger_window.h"
#include "vma/vm_flags.h"

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#endif

/* How the file is cut into segments. */
struct shape {
	uint32_t n_segments;
	uint64_t segment_size;
	uint64_t size;
};

/* A file that grows beyond RLIMIT_FSIZE brings its process a SIGXFSZ. */
static uint64_t file_size_limit(uint64_t wanted)
{
	struct rlimit limit;

	if (sys_is_error(sys_prlimit(RLIMIT_FSIZE, &limit)) || limit.rlim_cur >= wanted)
		return wanted;
	return limit.rlim_cur;
}

static struct shape shape_for(uint64_t max_size)
{
	struct shape shape = { 0 };
	uint64_t n_windows;

	if (max_size < LEDGER_HEADER_SIZE + 2 * LEDGER_WINDOW_SIZE)
		return shape;
	n_windows = (max_size - LEDGER_HEADER_SIZE) / LEDGER_WINDOW_SIZE;
	shape.n_segments =
		n_windows < LEDGER_SEGMENTS_MAX ? (uint32_t)n_windows : LEDGER_SEGMENTS_MAX;
	shape.segment_size = n_windows / shape.n_segments * LEDGER_WINDOW_SIZE;
	shape.size = LEDGER_HEADER_SIZE + shape.n_segments * shape.segment_size;
	return shape;
}

/*
 * Has this kernel MADV_POPULATE_WRITE? An empty range is all it takes to know. One that
 * accepts any advice is an emulator (qemu-user), and follows none.
 */
static bool can_populate(uint64_t addr)
{
	return ledger_window_populate(addr, 0) != -EINVAL && sys_madvise(addr, 0, -1) == -EINVAL;
}

static long allocate_blocks(int fd, uint64_t size)
{
	return sys_call6(SYS_fallocate, fd, 0, 0, (long)size, 0, 0);
}

/* Room for the header and the first records. Return: 0 or a negative errno. */
static int make_first_room(struct ledger_writer *writer, int fd, const struct shape *shape)
{
	uint64_t addr = (uintptr_t)writer->header;

	if (!can_populate(addr)) {
		writer->allocated = true;
		return (int)allocate_blocks(fd, shape->size);
	}
	return ledger_window_populate(addr, LEDGER_HEADER_SIZE + LEDGER_POPULATE_FIRST);
}

/* Is there a remap_file_pages()? An empty range is refused in another way than a missing call. */
static bool can_move(void)
{
	return sys_remap_file_pages(0, 0, 0) == -EINVAL;
}

static int map_file(struct ledger_writer *writer, int fd, const struct shape *shape)
{
	uint64_t size = can_move() ? LEDGER_VIEW_SIZE : shape->size;
	long addr = sys_ftruncate(fd, shape->size);
	int error;

	if (!sys_is_error(addr))
		addr = sys_mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (sys_is_error(addr))
		return (int)addr;
	ledger_window_advise((uint64_t)addr, size);
	writer->mapped = size;
	writer->header = (struct ledger_header *)addr;
	writer->window = (struct ledger_any *)(addr + LEDGER_HEADER_SIZE);
	writer->window_offset = LEDGER_HEADER_SIZE;
	writer->n_segments = shape->n_segments;
	writer->segment_size = shape->segment_size;
	error = make_first_room(writer, fd, shape);
	if (error < 0)
		ledger_writer_close(writer);
	return error;
}

static int create_and_map(struct ledger_writer *writer, const char *path, const struct shape *shape)
{
	long fd = sys_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			     0600);
	int error;

	if (sys_is_error(fd))
		return (int)fd;
	error = map_file(writer, (int)fd, shape);
	if (error < 0)
		sys_unlinkat(AT_FDCWD, path);
	sys_close((int)fd);
	return error;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* "12345678-1234-..." to 16 bytes; zeros where the kernel does not tell. */
static void read_boot_id(uint8_t id[16])
{
	char text[40] = { 0 };
	unsigned n = 0;
	long fd = sys_openat(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);

	if (sys_is_error(fd))
		return;
	sys_read((int)fd, text, sizeof(text) - 1);
	sys_close((int)fd);
	for (const char *at = text; *at != '\0' && n < 32; at++) {
		int digit = hex_digit(*at);

		if (digit >= 0) {
			id[n / 2] = (uint8_t)(id[n / 2] << 4 | digit);
			n++;
		}
	}
}

/* splitmix64: every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Unlike that of any other ledger; not a secret. */
static void make_id(struct ledger_header *header)
{
	uint64_t words[2];

	words[0] = mix(header->start_realtime_ns ^ mix(header->start_ticks));
	words[1] = mix(words[0] ^ mix((uint64_t)header->pid << 32 | header->ppid) ^
		       mix((uintptr_t)header));
	memcpy(header->id, words, sizeof(header->id));
}

static void copy_text(char *to, size_t size, const char *from)
{
	struct text text;

	text_init(&text, to, size);
	if (from != NULL)
		text_string(&text, from);
}

static void describe_machine(struct ledger_header *header)
{
	struct utsname name;

	header->machine = OWN_MACHINE;
	read_boot_id(header->boot_id);
	if (!sys_is_error(sys_call6(SYS_uname, (long)&name, 0, 0, 0, 0, 0)))
		copy_text(header->kernel_release, sizeof(header->kernel_release), name.release);
}

static void describe_process(struct ledger_header *header,
			     const struct ledger_writer_options *options)
{
	header->pid = (uint32_t)sys_getpid();
	header->ppid = (uint32_t)sys_getppid();
	header->exec_count = options->exec_count;
	header->link = options->link;
	header->parent_event = options->parent_event;
	if (options->parent != NULL)
		memcpy(header->parent, options->parent, LEDGER_ID_SIZE);
	header->start_brk = options->start_brk;
	header->brk = options->brk;
	header->start_stack = options->start_stack;
	header->personality = options->personality;
	copy_text(header->shim_version, sizeof(header->shim_version), options->shim_version);
	copy_text(header->executable, sizeof(header->executable), options->executable);
	header->command_len = options->command_len;
	if (options->command == NULL)
		header->command_len = 0;
	if (header->command_len > sizeof(header->command))
		header->command_len = sizeof(header->command);
	if (header->command_len > 0)
		memcpy(header->command, options->command, header->command_len);
}

static void write_header(struct ledger_header *header, const struct shape *shape,
			 const struct ledger_writer_options *options, struct clock_pair start)
{
	header->version_major = LEDGER_VERSION_MAJOR;
	header->version_minor = LEDGER_VERSION_MINOR;
	header->byte_order = LEDGER_BYTE_ORDER;
	header->header_size = LEDGER_HEADER_SIZE;
	header->record_size = LEDGER_RECORD_SIZE;
	header->page_size = VM_PAGE_SIZE;
	header->n_segments = shape->n_segments;
	header->segment_size = shape->segment_size;
	header->start_realtime_ns = clock_realtime_ns();
	header->start_monotonic_ns = start.monotonic_ns;
	header->start_ticks = start.ticks;
	describe_machine(header);
	describe_process(header, options);
	make_id(header);
}

/*
 * The magic comes last, so that what looks like a ledger is one. The clock pair
 * of the end keeps even a process that is killed at once from having no clock.
 */
static void seal_header(struct ledger_writer *writer)
{
	struct ledger_header *header = writer->header;

	ledger_window_stamp(writer);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(header->magic, LEDGER_MAGIC, sizeof(header->magic));
}

static void begin_first_segment(struct ledger_writer *writer)
{
	struct ledger_segment *segment;

	writer->segment_offset = LEDGER_HEADER_SIZE;
	writer->next = writer->segment_offset;
	writer->ready = writer->next + LEDGER_POPULATE_FIRST;
	writer->lap_number = 1;
	writer->lap = 1;
	writer->header->segment_lap = 1;
	segment = ledger_writer_begin(writer, LEDGER_SEGMENT);
	segment->lap = 1;
	segment->first_event = 1;
	segment->ticks = writer->header->start_ticks;
	segment->monotonic_ns = writer->header->start_monotonic_ns;
	segment->brk = writer->brk;
	segment->personality = writer->personality;
	ledger_writer_done(writer, segment);
}

int ledger_writer_open(struct ledger_writer *writer, const struct ledger_writer_options *options)
{
	struct clock_pair start = clock_pair_now();
	struct shape shape = shape_for(file_size_limit(options->max_size));
	int error;

	memset(writer, 0, sizeof(*writer));
	if (shape.n_segments == 0)
		return -EFBIG;
	error = create_and_map(writer, options->path, &shape);
	if (error < 0)
		return error;
	writer->brk = options->brk;
	writer->personality = options->personality;
	writer->checkpoint = options->checkpoint;
	writer->context = options->context;
	write_header(writer->header, &shape, options, start);
	begin_first_segment(writer);
	seal_header(writer);
	return 0;
}

void ledger_writer_close(struct ledger_writer *writer)
{
	if (writer->header != NULL)
		sys_munmap((uintptr_t)writer->header, writer->mapped);
	memset(writer, 0, sizeof(*writer));
}
