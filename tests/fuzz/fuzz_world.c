/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/sys.h"
#include "fuzz_world.h"
#include "vma/kernel_map.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

struct fuzz_world world = { .faults = -1 };

static void know(unsigned base, uint64_t value)
{
	world.base[base] = value;
	world.known[base] = true;
}

static void know_fd(unsigned base, int fd)
{
	if (fd >= 0)
		know(base, (uint64_t)fd);
}

/* -------------------------------------------------------------------- segments */

void fuzz_world_make_segments(void)
{
	for (unsigned i = 0; i < 2; i++)
		know_fd(FUZZ_SHM0 + i, shmget(IPC_PRIVATE, FUZZ_SEGMENT_SIZE(i), IPC_CREAT | 0600));
}

void fuzz_world_remove_segments(void)
{
	for (unsigned i = 0; i < 2; i++)
		if (world.known[FUZZ_SHM0 + i])
			shmctl((int)world.base[FUZZ_SHM0 + i], IPC_RMID, NULL);
}

/* ------------------------------------------------------------------------ making */

static void open_files(void)
{
	char path[] = "/tmp/fuzz_vma_XXXXXX";
	int pair[2];
	int fd = mkstemp(path);

	if (fd >= 0 && ftruncate(fd, FUZZ_FILE_PAGES * (off_t)FUZZ_PAGE) == 0) {
		know_fd(FUZZ_FILE, fd);
		know_fd(FUZZ_READONLY, open(path, O_RDONLY));
		unlink(path);
	}
	know_fd(FUZZ_ZERO, open("/dev/zero", O_RDWR));
	fd = (int)syscall(SYS_memfd_create, "fuzz", 0);
	if (fd >= 0 && ftruncate(fd, FUZZ_FILE_PAGES * (off_t)FUZZ_PAGE) == 0)
		know_fd(FUZZ_MEMFD, fd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
		know_fd(FUZZ_SOCKET, pair[0]);
	know_fd(FUZZ_SELF, (int)syscall(SYS_pidfd_open, getpid(), 0));
}

/* The same address in every process where it is free: then lines of two logs compare. */
static uint64_t reserve(uint64_t size)
{
	const uint64_t wanted = 0x100000000000;
	long at = sys_mmap(wanted, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			   0);

	return sys_is_error(at) ? 0 : (uint64_t)at;
}

static void make_zone(void)
{
	uint64_t place = reserve(FUZZ_ZONE_SIZE + (4 << 20));
	uint64_t zone = (place + (2 << 20)) & ~((2ULL << 20) - 1);

	sys_munmap(zone, FUZZ_WINDOW_PAGES * FUZZ_PAGE);
	know(FUZZ_ZONE, zone);
}

static void find_heap(void)
{
	world.brk = (uint64_t)sys_call6(SYS_brk, 0, 0, 0, 0, 0, 0);
	know(FUZZ_HEAP, vm_page_up(world.brk));
}

static bool is_vdso(const struct kernel_area *area)
{
	return (area->name_len >= 5 && strncmp(area->name, "[vvar", 5) == 0) ||
	       (area->name_len == 6 && strncmp(area->name, "[vdso]", 6) == 0);
}

/* The first piece, and what is right behind it: a part of it may have been moved elsewhere. */
void fuzz_world_find_vdso(void)
{
	static char buffer[16 << 10];
	struct kernel_map_text text;
	struct kernel_area area;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	world.known[FUZZ_VDSO] = false;
	kernel_map_text_init(&text, fd, buffer, sizeof(buffer));
	while (kernel_map_text_next(&text, &area)) {
		if (!is_vdso(&area))
			continue;
		if (!world.known[FUZZ_VDSO])
			know(FUZZ_VDSO, area.range.start);
		else if (area.range.start != world.base[FUZZ_VDSO] + world.vdso_size)
			break;
		world.vdso_size = area.range.end - world.base[FUZZ_VDSO];
	}
	close(fd);
}

void fuzz_world_make(void)
{
	open_files();
	make_zone();
	find_heap();
	fuzz_world_find_vdso();
	know(FUZZ_VECTOR, (uint64_t)(uintptr_t)world.vector);
	know(FUZZ_CONTEXT, (uint64_t)(uintptr_t)&world.context);
	know(FUZZ_STRING, (uint64_t)(uintptr_t) "fuzz");
}

/* ------------------------------------------------------------------------ places */

static bool resolve(const struct fuzz_value *value, uint64_t *number)
{
	*number = value->offset;
	if (value->base == FUZZ_NUMBER)
		return true;
	*number += world.base[value->base];
	return world.known[value->base];
}

bool fuzz_world_resolve(const struct fuzz_call *call, uint64_t args[6])
{
	for (unsigned i = 0; i < 6; i++)
		if (!resolve(&call->args[i], &args[i]))
			return false;
	for (unsigned i = 0; i < 2u * call->n_vector; i++)
		if (!resolve(&call->vector[i], &world.vector[i]))
			return false;
	return true;
}

static uint64_t longest(const struct fuzz_call *call)
{
	const char *letters = fuzz_ops[call->op].args;
	uint64_t size = call->op == OP_SHMAT ? FUZZ_SEGMENT_SIZE(1) : 0;

	for (unsigned i = 0; letters[i] != '\0'; i++)
		if (letters[i] == 'l' && call->args[i].offset > size)
			size = call->args[i].offset;
	for (unsigned i = 0; i < call->n_vector; i++)
		if (call->vector[2 * i + 1].offset > size)
			size = call->vector[2 * i + 1].offset;
	return size;
}

static bool fits(const struct fuzz_value *value, uint64_t size)
{
	uint64_t room;

	if (value->base < FUZZ_R0)
		return true;
	room = vm_page_up(world.slot_size[value->base - FUZZ_R0]);
	return value->offset <= room && size <= room - value->offset;
}

bool fuzz_world_is_safe(const struct fuzz_call *call)
{
	uint64_t size = longest(call);

	for (unsigned i = 0; i < 6; i++)
		if (!fits(&call->args[i], size))
			return false;
	for (unsigned i = 0; i < call->n_vector; i++)
		if (!fits(&call->vector[2 * i], size))
			return false;
	return true;
}

static bool is_in(uint64_t addr, unsigned base, uint64_t size)
{
	return world.known[base] && addr - world.base[base] < size;
}

bool fuzz_world_is_ours(uint64_t addr)
{
	return is_in(addr, FUZZ_ZONE, FUZZ_ZONE_SIZE) ||
	       is_in(addr, FUZZ_HEAP, 2 * FUZZ_HEAP_PAGES * FUZZ_PAGE);
}

struct fuzz_value fuzz_world_value_of(uint64_t addr)
{
	if (is_in(addr, FUZZ_ZONE, FUZZ_ZONE_SIZE))
		return fuzz_at(FUZZ_ZONE, addr - world.base[FUZZ_ZONE]);
	if (is_in(addr, FUZZ_HEAP, 2 * FUZZ_HEAP_PAGES * FUZZ_PAGE))
		return fuzz_at(FUZZ_HEAP, addr - world.base[FUZZ_HEAP]);
	for (unsigned i = 0; i < FUZZ_SLOTS; i++)
		if (is_in(addr, FUZZ_R0 + i, world.slot_size[i]))
			return fuzz_at(FUZZ_R0 + i, addr - world.base[FUZZ_R0 + i]);
	return fuzz_number(addr);
}

void fuzz_world_keep(const struct fuzz_call *call, uint64_t at, uint64_t size)
{
	if (call->slot < 0)
		return;
	know(FUZZ_R0 + (unsigned)call->slot, at);
	world.slot_size[call->slot] = size;
}

void fuzz_world_forget(unsigned slot)
{
	world.known[FUZZ_R0 + slot] = false;
	world.slot_size[slot] = 0;
}

/* ----------------------------------------------------------------- pseudo calls */

/* Only faults of the process itself wait for somebody to serve them: the kernel's fail. */
static int faults(void)
{
	struct uffdio_api api = { .api = UFFD_API };

	if (world.faults >= 0)
		return world.faults;
	world.faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (world.faults >= 0)
		sys_ioctl(world.faults, UFFDIO_API, &api);
	return world.faults;
}

static int64_t close_faults(void)
{
	if (world.faults < 0)
		return -EBADF;
	sys_close(world.faults);
	world.faults = -1;
	return 0;
}

int64_t fuzz_world_pseudo(long nr, const uint64_t args[6])
{
	struct uffdio_register range = {
		.range = { .start = args[0], .len = args[1] },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	switch (nr) {
	case FUZZ_TOUCH:
		return sys_read((int)world.base[FUZZ_ZERO], (void *)(uintptr_t)args[0], 1);
	case FUZZ_REGISTER:
		return sys_ioctl(faults(), UFFDIO_REGISTER, &range);
	case FUZZ_UNREGISTER:
		return sys_ioctl(faults(), UFFDIO_UNREGISTER, &range.range);
	case FUZZ_CLOSE_FAULTS:
		return close_faults();
	default:
		return -ENOSYS;
	}
}
