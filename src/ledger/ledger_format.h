/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_FORMAT_H
#define LEDGER_FORMAT_H

/*
 * The ledger on disk
 *
 * One file per address space, in the byte order and page size of the machine
 * that wrote it:
 *
 *     0          4096            4096 + segment_size
 *     [ header   | segment 0     | segment 1     | ... n_segments )
 *
 * A segment is an array of 64-byte records. Its first record is a
 * LEDGER_SEGMENT; the writer fills one segment after the other, and when the
 * last one is full it begins again with the oldest, whose history is lost. Each
 * segment begins with a checkpoint, so that what remains can be folded without
 * what is gone.
 *
 * A record is whole when its state byte says so. A call's record is begun
 * before its system call and completed after it, so a record that is found begun
 * at the end is the call in flight when the process died (or, in a live ledger,
 * now). One further up was left by a signal handler that jumped out of a hook,
 * or comes again as an unordered call, because its lock had been taken over. The
 * state byte carries the low bits of its segment's lap, so records left over
 * from an earlier lap are recognised as such.
 *
 * Version. The major number changes when an old reader would misread the file;
 * readers refuse other majors. The minor number changes when kinds, operations
 * or reasons are added: a reader skips records of a kind it does not know.
 * Fields marked reserved are zero.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_MAGIC	     "MAPLEDGR"
#define LEDGER_VERSION_MAJOR 1
#define LEDGER_VERSION_MINOR 3
#define LEDGER_BYTE_ORDER    0x01020304u

#define LEDGER_HEADER_SIZE   4096u
#define LEDGER_RECORD_SIZE   64u
#define LEDGER_ID_SIZE	     16

/* Segments are multiples of this, and so is the writer's window into the file. */
#define LEDGER_WINDOW_SIZE  (1u << 20)
#define LEDGER_SEGMENTS_MAX 8u

enum ledger_link {
	LEDGER_LINK_NONE = 0,  /* first of its family, or nothing is known */
	LEDGER_LINK_FORK = 1,  /* @parent is the ledger of the forking space */
	LEDGER_LINK_EXEC = 2,  /* @parent is the ledger this process had before execve */
	LEDGER_LINK_SPAWN = 3, /* only the parent's pid is known */
};

/* Why the writer stopped. */
enum ledger_end {
	LEDGER_END_OPEN = 0,	  /* still running, or killed */
	LEDGER_END_EXIT = 1,	  /* the process called exit_group */
	LEDGER_END_DISK_FULL = 2, /* no room could be made; the program went on */
	LEDGER_END_TOO_BIG = 3,	  /* a checkpoint does not fit a segment */
	LEDGER_END_WINDOW = 4,	  /* the window could not be moved */
	LEDGER_END_CONFINED = 5,  /* the room was used up and no system call was allowed */
};

/* How far the record of a fault has come. */
enum ledger_fault_state {
	LEDGER_FAULT_NONE = 0,
	LEDGER_FAULT_CLAIMED = 1, /* somebody is writing it, or died doing so */
	LEDGER_FAULT_MET = 2,	  /* all but what the kernel was asked and the stack */
	LEDGER_FAULT_COMPLETE = 3,
};

enum ledger_access {
	LEDGER_ACCESS_UNKNOWN = 0,
	LEDGER_ACCESS_READ = 1,
	LEDGER_ACCESS_WRITE = 2,
	LEDGER_ACCESS_EXECUTE = 3,
};

/* What the kernel, asked at the fault, said about the page. */
enum ledger_page {
	LEDGER_PAGE_UNKNOWN = 0, /* it was not asked, or there was no page to ask about */
	LEDGER_PAGE_UNMAPPED = 1,
	LEDGER_PAGE_MAPPED = 2,
	LEDGER_PAGE_GUARD = 3, /* mapped, and inside a region of MADV_GUARD_INSTALL */
};

#define LEDGER_FAULT_REGISTERS 36
#define LEDGER_FAULT_FRAMES    48

/*
 * The signal that ended the process. It lies in the header, where writing it
 * takes no lock and no room: whoever crashes may hold the first, and the second
 * may be used up.
 *
 * @code:      si_code; above 0: the kernel's word, 0 and below: somebody sent it
 * @event:     calls that had been recorded by then
 * @address:   si_addr as the kernel gave it; 0 when it gave none (SI_KERNEL)
 * @pc, @sp:   of the thread, where it was interrupted
 * @trap:      the processor's error code (x86: cr2's) below, the trap's number above 32 bits
 * @pkru:      the thread's rights to protection keys; 0 where there are none
 * @sender_*:  who sent the signal, when somebody did
 * @registers: in the order of the architecture's ucontext (x86-64: gregs[])
 * @frames:    @pc first; with @exact, @guessed and @stack_end as in struct ledger_stack
 */
struct ledger_fault {
	uint32_t state; /* enum ledger_fault_state */
	uint32_t signal;
	int32_t code;
	uint32_t tid;
	uint64_t ticks;
	uint64_t event;
	uint64_t address;
	uint64_t pc;
	uint64_t sp;
	uint64_t trap;
	uint32_t access; /* enum ledger_access */
	uint32_t page;	 /* enum ledger_page */
	uint32_t pkru;
	uint32_t sender_pid;
	uint32_t sender_uid;
	uint16_t n_registers;
	uint16_t n_frames;
	char thread_name[16]; /* terminated */
	uint32_t stack_end;   /* enum ledger_stack_end */
	uint32_t reserved;
	uint64_t exact;
	uint64_t guessed;
	uint64_t registers[LEDGER_FAULT_REGISTERS];
	uint64_t frames[LEDGER_FAULT_FRAMES];
};

/*
 * Fields below @updated change while the process runs; each is written with one
 * store.
 */
struct ledger_header {
	char magic[8];
	uint16_t version_major;
	uint16_t version_minor;
	uint32_t byte_order;
	uint32_t header_size;
	uint32_t record_size;
	uint32_t page_size;
	uint32_t n_segments;
	uint64_t segment_size; /* bytes */
	uint8_t id[LEDGER_ID_SIZE];
	uint8_t parent[LEDGER_ID_SIZE];
	uint8_t boot_id[16];
	uint64_t parent_event; /* LEDGER_LINK_FORK: events the parent had */
	uint32_t link;	       /* enum ledger_link */
	uint32_t pid;
	uint32_t ppid;
	uint32_t machine; /* EM_ value of elf.h */
	uint64_t start_realtime_ns;
	uint64_t start_monotonic_ns; /* at @start_ticks */
	uint64_t start_ticks;
	uint64_t start_brk;
	uint64_t brk; /* at the baseline */
	uint64_t start_stack;
	uint32_t personality;
	uint32_t exec_count; /* ledgers of the same pid before this one */
	char shim_version[32];
	char kernel_release[64];
	uint8_t reserved1[768 - 264];
	char executable[1024]; /* path, terminated, perhaps cut */
	char command[1024];    /* arguments, NUL between them, perhaps cut */
	uint32_t command_len;
	uint8_t reserved2[3072 - 2820];
	/* updated */
	uint64_t last_ticks; /* another clock pair, as late as possible */
	uint64_t last_monotonic_ns;
	uint64_t n_unrecorded; /* calls made after the writer stopped */
	uint32_t end;	       /* enum ledger_end */
	int32_t exit_status;   /* LEDGER_END_EXIT: the argument of exit_group */
	uint64_t segment_lap;  /* lap of the segment being written, from 1 */
	uint64_t n_bypassed;   /* calls that went round the lock */
	uint64_t n_deferred;   /* calls made by handlers inside a hook */
	uint64_t n_resyncs;
	uint64_t n_checks;	  /* calls after which the map was compared at once */
	uint64_t n_checks_busy;	  /* ... not compared: calls were under way without the lock */
	uint64_t n_checks_blind;  /* ... not compared: the kernel could not be asked */
	uint64_t n_bad_lines;	  /* of the kernel's map, that could not be read */
	uint32_t n_children_lost; /* forked, and recorded nowhere */
	int32_t child_error;	  /* why the last of them made no ledger, -errno */
	int32_t exec_error;	  /* why the program that was executed then made none */
	uint32_t reserved4;
	uint8_t reserved3[3296 - 3184];
	struct ledger_fault fault; /* the signal that ended the process */
};
static_assert(sizeof(struct ledger_header) == LEDGER_HEADER_SIZE, "the header is one page");
static_assert(offsetof(struct ledger_header, executable) == 768, "fixed place");
static_assert(offsetof(struct ledger_header, last_ticks) == 3072, "fixed place");
static_assert(offsetof(struct ledger_header, fault) == 3296, "fixed place");
static_assert(sizeof(struct ledger_fault) == 800, "fixed size");

/* Never renumber, only add. */
enum ledger_kind {
	LEDGER_EMPTY = 0,
	LEDGER_SEGMENT = 1,
	LEDGER_CALL = 2,
	LEDGER_RESYNC = 3,
	LEDGER_AREA = 4,
	LEDGER_OBJECT = 5,
	LEDGER_TEXT = 6,
	LEDGER_VERIFY = 7,
	LEDGER_SITE = 8,
	LEDGER_NOTE = 9,
	LEDGER_STACK = 10,
	LEDGER_FRAMES = 11,
	LEDGER_THREAD = 12,
	LEDGER_KIND_COUNT,
};

/*
 * Every record begins with this byte: its lap's low 6 bits above, its progress
 * in the low two.
 */
#define LEDGER_STATE_BEGUN	    1u
#define LEDGER_STATE_DONE	    2u
#define LEDGER_STATE(lap, progress) ((uint8_t)(((lap) << 2 | (progress)) & 0xff))

/* Begins a segment. */
struct ledger_segment {
	uint8_t state;
	uint8_t kind;
	uint8_t reserved[6];
	uint64_t lap;	      /* 1 for the first segment ever written, then counting up */
	uint64_t first_event; /* number of the first call recorded after the checkpoint */
	uint64_t ticks;	      /* a clock pair */
	uint64_t monotonic_ns;
	uint64_t brk;
	uint32_t personality;
	uint32_t facts;	    /* LEDGER_FACT_ bits */
	uint64_t start_brk; /* as prctl moved it; 0: as in the header */
};

/* What calls before the segment decided about calls in it. */
#define LEDGER_FACT_LOCKED	1u /* mlockall(MCL_FUTURE) */
#define LEDGER_FACT_EXEC_UNSURE 2u /* some thread has had READ_IMPLIES_EXEC */

static_assert(sizeof(struct ledger_segment) == LEDGER_RECORD_SIZE, "record size");

/* One vm_call. Which argument is where: vm_op_info.args and ledger_pack_call(). */
struct ledger_call {
	uint8_t state;
	uint8_t kind;
	uint8_t op;
	uint8_t tier : 4;
	uint8_t flags : 4;
	uint32_t tid;
	uint64_t ticks;
	int64_t result;
	uint64_t addr;
	uint64_t len;
	uint64_t arg;
	uint32_t small[3];
	uint32_t stack; /* ledger_stack.id, 0: none */
};
static_assert(sizeof(struct ledger_call) == LEDGER_RECORD_SIZE, "record size");

/*
 * What the kernel said about a range: @n_areas LEDGER_AREA records follow at
 * once, in address order, and everything else in the range is a gap. A group
 * that is not complete is not applied. One piece of map may need several groups.
 */
struct ledger_resync {
	uint8_t state;
	uint8_t kind;
	uint8_t reason; /* enum vm_reason */
	uint8_t reserved;
	uint32_t n_areas;
	uint64_t ticks;
	uint64_t start;
	uint64_t end;
	uint64_t event; /* the call that caused it, or 0 */
	uint64_t reserved2[3];
};
static_assert(sizeof(struct ledger_resync) == LEDGER_RECORD_SIZE, "record size");

/* Part of the group before it: LEDGER_RESYNC or LEDGER_VERIFY. */
struct ledger_area {
	uint8_t state;
	uint8_t kind;
	uint8_t reserved[2];
	uint32_t object; /* 0: none */
	uint64_t start;
	uint64_t end;
	uint64_t flags;	 /* vm_flags.h */
	uint64_t offset; /* MEMORY_AREA_NO_OFFSET: none */
	uint64_t origin;
	uint64_t changed;
	uint64_t reserved2;
};
static_assert(sizeof(struct ledger_area) == LEDGER_RECORD_SIZE, "record size");

/* Declares an object; its name follows at once in LEDGER_TEXT records. */
struct ledger_object {
	uint8_t state;
	uint8_t kind;
	uint8_t build_id_len;
	uint8_t reserved;
	uint32_t id;
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	uint32_t name_len;
	uint8_t build_id[20];
	uint64_t reserved2;
};
static_assert(sizeof(struct ledger_object) == LEDGER_RECORD_SIZE, "record size");

#define LEDGER_TEXT_BYTES  56
#define LEDGER_TEXT_MAX	   8192u      /* longer names and notes are cut */
#define LEDGER_OBJECTS_MAX (1u << 20) /* ids are below */

struct ledger_text {
	uint8_t state;
	uint8_t kind;
	uint8_t reserved[6];
	char bytes[LEDGER_TEXT_BYTES];
};
static_assert(sizeof(struct ledger_text) == LEDGER_RECORD_SIZE, "record size");

/*
 * The shim compared its set with the kernel's map. @n_areas LEDGER_AREA records
 * follow with what the kernel had; they are not applied.
 *
 * @event: 0: everything was compared, with whatever result. Otherwise (since
 *         version 1.1) the shim compares after every call, and found that after
 *         this one the two differ in [@start, @end), of which alone the areas tell.
 */
struct ledger_verify {
	uint8_t state;
	uint8_t kind;
	uint8_t at_exit; /* 1: the last thing before exit_group */
	uint8_t reserved;
	uint32_t n_areas;
	uint64_t ticks;
	uint64_t n_runs;
	uint64_t n_unexplained;
	uint64_t n_tolerated;
	uint64_t event;
	uint64_t start;
	uint64_t end;
};
static_assert(sizeof(struct ledger_verify) == LEDGER_RECORD_SIZE, "record size");

enum ledger_site_state {
	LEDGER_SITE_PATCHED = 1,
	LEDGER_SITE_FOREIGN = 2,    /* somebody else had changed the bytes */
	LEDGER_SITE_TOO_FAR = 3,    /* out of a jump's reach */
	LEDGER_SITE_UNWRITABLE = 4, /* the kernel refused the write */
	LEDGER_SITE_NO_STUB = 5,    /* more sites than stubs */
	LEDGER_SITE_UNPROVEN = 6,   /* the bytes are there, but may be no instructions */
	LEDGER_SITE_TIGHT = 7,	    /* nothing before it that a jump could take the place of */
	LEDGER_SITE_RUNNING = 8,    /* found late: a thread may be executing these bytes */
	LEDGER_SITE_STATE_COUNT,
};

/* A system call site that was found. */
struct ledger_site {
	uint8_t state;
	uint8_t kind;
	uint8_t site_state; /* enum ledger_site_state */
	uint8_t op;	    /* enum vm_op */
	uint32_t object;    /* the file it is in */
	uint64_t addr;
	uint64_t file_offset;
	uint64_t nr;
	uint64_t reserved[4];
};
static_assert(sizeof(struct ledger_site) == LEDGER_RECORD_SIZE, "record size");

enum ledger_note_kind {
	LEDGER_NOTE_DEGRADED = 1, /* a tier is not live; the text says why */
	LEDGER_NOTE_REBUILT = 2,  /* the set was thrown away and read anew */
	LEDGER_NOTE_MARK = 3,
	LEDGER_NOTE_EXPECT = 4, /* "START-END rwx", hexadecimal: the program relies on it */
};

/* A sentence; LEDGER_TEXT records follow at once. */
struct ledger_note {
	uint8_t state;
	uint8_t kind;
	uint8_t note; /* enum ledger_note_kind */
	uint8_t reserved;
	uint32_t text_len;
	uint64_t ticks;
	uint64_t reserved2[6];
};
static_assert(sizeof(struct ledger_note) == LEDGER_RECORD_SIZE, "record size");

/*
 * Where a thread's stack was when it made the call whose record follows. Once in each segment
 * that the thread makes calls in (since version 1.3).
 */
struct ledger_thread {
	uint8_t state;
	uint8_t kind;
	uint8_t reserved[2];
	uint32_t tid;
	uint64_t sp;
	uint64_t reserved2[6];
};
static_assert(sizeof(struct ledger_thread) == LEDGER_RECORD_SIZE, "record size");

/* Why a stack has no more frames. Never renumber, only add. */
enum ledger_stack_end {
	LEDGER_STACK_UNKNOWN = 0,
	LEDGER_STACK_OUTERMOST = 1, /* all of it: where the thread began */
	LEDGER_STACK_DEPTH = 2,	    /* as many frames as were asked for */
	LEDGER_STACK_NO_RULE = 3,   /* code without unwind tables, and no frame pointer to try */
	LEDGER_STACK_COMPLEX = 4,   /* unwind tables say something that is not understood */
	LEDGER_STACK_MEMORY = 5,    /* the next frame is not where a stack could be */
	LEDGER_STACK_BUSY = 6,	    /* the recorder's lock was not free to look a rule up */
};

#define LEDGER_STACK_FRAMES_MAX 64u
#define LEDGER_STACK_FRAMES	5 /* in the record itself */
#define LEDGER_FRAMES_FRAMES	7 /* in each LEDGER_FRAMES behind it */

/*
 * A stack, innermost frame first. Those frames that have no place here follow at
 * once in LEDGER_FRAMES records; a stack that is not complete does not count.
 *
 * A frame is the address where it goes on: behind its call instruction, so the
 * call itself is one byte before. Frames with a bit in @exact were interrupted by
 * a signal, and are at the instruction itself. Those with a bit in @guessed were
 * found by a frame pointer in code without unwind tables.
 *
 * Ids are never reused, but one stack may have several. A stack is written again
 * in each segment that refers to it, before the first call that does: so a call
 * always finds its stack in its own segment, however much history is lost.
 */
struct ledger_stack {
	uint8_t state;
	uint8_t kind;
	uint8_t end; /* enum ledger_stack_end */
	uint8_t n_frames;
	uint32_t id; /* from 1 */
	uint64_t exact;
	uint64_t guessed;
	uint64_t frames[LEDGER_STACK_FRAMES];
};
static_assert(sizeof(struct ledger_stack) == LEDGER_RECORD_SIZE, "record size");

struct ledger_frames {
	uint8_t state;
	uint8_t kind;
	uint8_t reserved[6];
	uint64_t frames[LEDGER_FRAMES_FRAMES];
};
static_assert(sizeof(struct ledger_frames) == LEDGER_RECORD_SIZE, "record size");

/* What every record begins with. */
struct ledger_any {
	uint8_t state;
	uint8_t kind;
	uint8_t byte2;
	uint8_t byte3;
	uint32_t word1;
	uint64_t word[7];
};
static_assert(sizeof(struct ledger_any) == LEDGER_RECORD_SIZE, "record size");

#endif
