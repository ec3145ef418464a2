/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include "base/sys.h"
#include "fault.h"
#include "sites.h"
#include "shim.h"

#if defined(__x86_64__)

#define HIDDEN __attribute__((visibility("hidden")))

/* One row per system call that is caught. */
static const struct {
	uint32_t nr;
	uint8_t op;
	uint8_t role;
} wanted[] = {
	{ SYS_mmap, VM_OP_MMAP, SITE_CALL },
	{ SYS_munmap, VM_OP_MUNMAP, SITE_CALL },
	{ SYS_mprotect, VM_OP_MPROTECT, SITE_CALL },
	{ SYS_pkey_mprotect, VM_OP_PKEY_MPROTECT, SITE_CALL },
	{ SYS_mremap, VM_OP_MREMAP, SITE_CALL },
	{ SYS_brk, VM_OP_BRK, SITE_CALL },
	{ SYS_shmat, VM_OP_SHMAT, SITE_CALL },
	{ SYS_shmdt, VM_OP_SHMDT, SITE_CALL },
	{ SYS_remap_file_pages, VM_OP_REMAP_FILE_PAGES, SITE_CALL },
	{ SYS_madvise, VM_OP_MADVISE, SITE_CALL },
	{ SYS_clone, VM_OP_FORK, SITE_FORK },
	{ SYS_prctl, VM_OP_NONE, SITE_SECCOMP },
	{ SYS_rt_sigaction, VM_OP_NONE, SITE_SIGACTION },
	{ SYS_sigaltstack, VM_OP_NONE, SITE_SIGALTSTACK },
};

static struct site sites[SITES_MAX];
static unsigned n_sites;

/* ----------------------------------------------------------- a site is reached */

/* Read by the stubs: where a site continues. */
uint64_t site_resume[SITES_MAX] HIDDEN;

/* What a stub does next, in rax and rdx. */
struct site_answer {
	int64_t rax;
	int64_t original; /* 1: run the site's own syscall instruction, with this rax */
};

HIDDEN struct site_answer site_reached(const uint64_t args[6], unsigned index);

static struct site_answer run_original(const struct site *site)
{
	return (struct site_answer){ site->nr, 1 };
}

static int64_t record(const struct site *site, const uint64_t args[6])
{
	struct vm_call call = {
		.op = site->op,
		.tier = VM_TIER_SITE,
		.args = { args[0], args[1], args[2], args[3], args[4], args[5] },
	};

	return recorder_call(&call);
}

struct site_answer site_reached(const uint64_t args[6], unsigned index)
{
	const struct site *site = &sites[index];
	struct site_answer answer = { 0, 0 };

	switch (site->role) {
	case SITE_FORK:
		/* A child that shares the memory must not run our frames a second
		 * time, and one on a new stack would not find them. */
		if ((args[0] & CLONE_VM) || args[1] != 0)
			return run_original(site);
		break;
	case SITE_SECCOMP:
		if (args[0] != PR_SET_SECCOMP)
			return run_original(site);
		answer.rax = confine_call(site->nr, args);
		return answer;
	case SITE_SIGACTION:
		answer.rax = fault_sigaction(args);
		return answer;
	case SITE_SIGALTSTACK:
		answer.rax = fault_sigaltstack(args);
		return answer;
	}
	answer.rax = record(site, args);
	return answer;
}

/* ------------------------------------------------------------ finding, patching */

/* In site_stubs_x86_64.S: one stub per site, SITE_STUB_SIZE bytes apart. */
extern const unsigned char site_stubs[] HIDDEN;
#define SITE_STUB_SIZE 32

static bool want(struct site *site)
{
	memcpy(&site->nr, (const void *)(uintptr_t)(site->addr + 1), sizeof(site->nr));
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (wanted[i].nr == site->nr) {
			site->op = wanted[i].op;
			site->role = wanted[i].role;
			return true;
		}
	return false;
}

/* `4x b8' sets another register than eax. */
static bool has_prefix(const struct site *site)
{
	return (*(const unsigned char *)(uintptr_t)(site->addr - 1) & 0xf0) == 0x40;
}

static uint8_t patch(const struct site *site, unsigned index, int mem)
{
	uint64_t next = site->addr + 5;
	int64_t distance =
		(int64_t)((uintptr_t)site_stubs + (uint64_t)index * SITE_STUB_SIZE - next);
	int32_t rel32 = (int32_t)distance;
	unsigned char jump[5] = { 0xe9 };

	if (has_prefix(site))
		return LEDGER_SITE_FOREIGN;
	if (distance != rel32)
		return LEDGER_SITE_TOO_FAR;
	memcpy(jump + 1, &rel32, sizeof(rel32));
	if (mem < 0 || sys_pwrite(mem, jump, sizeof(jump), site->addr) != sizeof(jump))
		return LEDGER_SITE_UNWRITABLE;
	return LEDGER_SITE_PATCHED;
}

static void write_site(const struct site *site)
{
	struct ledger_site *record;

	if (!ledger_writer_room(&shim.writer, 1))
		return;
	record = ledger_writer_begin(&shim.writer, LEDGER_SITE);
	if (record == NULL)
		return;
	record->site_state = site->state;
	record->op = site->op;
	record->object = site->object;
	record->addr = site->addr;
	record->file_offset = site->file_offset;
	record->nr = site->nr;
	ledger_writer_done(&shim.writer, record);
}

static void add_site(const struct memory_area *area, uint64_t addr, int mem)
{
	struct site site = {
		.addr = addr,
		.object = (uint32_t)area->tag[VM_TAG_OBJECT],
		.file_offset = memory_area_offset_at(area, addr),
		.state = LEDGER_SITE_NO_STUB,
	};

	if (!want(&site))
		return;
	if (n_sites < SITES_MAX) {
		sites[n_sites] = site;
		site_resume[n_sites] = addr + 7;
		site.state = patch(&site, n_sites, mem);
		sites[n_sites++].state = site.state;
	}
	write_site(&site);
}

static void scan_area(const struct memory_area *area, int mem)
{
	const unsigned char *at = (const unsigned char *)(uintptr_t)area->range.start;
	const unsigned char *end = (const unsigned char *)(uintptr_t)area->range.end;

	while ((at = site_scan(at, end)) < end) {
		add_site(area, (uintptr_t)at, mem);
		at += 7;
	}
}

static bool begins_with(const char *name, const char *word)
{
	while (*word != '\0' && *name == *word) {
		name++;
		word++;
	}
	return *word == '\0';
}

/* libc.so.6, libc-2.31.so, ld-linux-x86-64.so.2, ld-2.31.so, libpthread-2.31.so */
static bool is_libc_or_loader(const struct memory_area *area)
{
	const struct vm_object *object =
		vm_objects_get(&shim.space.objects, (uint32_t)area->tag[VM_TAG_OBJECT]);
	const char *base;

	if (object == NULL || !(area->flags & VM_EXEC) || !(area->flags & VM_READ))
		return false;
	base = object->name;
	for (const char *c = object->name; *c != '\0'; c++)
		if (*c == '/')
			base = c + 1;
	return begins_with(base, "libc.so.") || begins_with(base, "libc-2.") ||
	       begins_with(base, "ld-linux") || begins_with(base, "ld-2.") ||
	       begins_with(base, "libpthread-2.");
}

void sites_start(void)
{
	struct memory_set_iter iter = memory_set_iter_from_start(shim.space.set, MEMORY_SET_ALL);
	const struct memory_area *area;
	int mem = (int)sys_openat(AT_FDCWD, "/proc/self/mem", O_RDWR | O_CLOEXEC, 0);

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (is_libc_or_loader(area))
			scan_area(area, mem);
	if (mem >= 0)
		sys_close(mem);
}

/* Every site of the two: one that is missed would show the program our handler. */
bool sites_see_signals(void)
{
	bool action = false, stack = false;

	for (unsigned i = 0; i < n_sites; i++) {
		action |= sites[i].role == SITE_SIGACTION;
		stack |= sites[i].role == SITE_SIGALTSTACK;
		if ((sites[i].role == SITE_SIGACTION || sites[i].role == SITE_SIGALTSTACK) &&
		    sites[i].state != LEDGER_SITE_PATCHED)
			return false;
	}
	return action && stack;
}

#else

bool sites_see_signals(void)
{
	return false;
}

void sites_start(void)
{
	if (ledger_writer_room(&shim.writer, 8))
		ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED,
				   "call sites are not caught on this architecture: calls made "
				   "inside libc and ld.so are found by asking the kernel");
}

#endif
