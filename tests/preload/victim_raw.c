/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes system calls by instructions of the program's own: in the program, in a
 * library that comes later, in one of another namespace, and in code that is mapped
 * by hand. Each changes the map, and the map is compared after each.
 *
 * usage: victim_raw LIBRARY
 */

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "victim.h"

#if defined(__x86_64__)

typedef long mprotect_fn(void *addr, size_t len, long prot);
typedef long any_fn(long nr, void *addr, size_t len, long prot, long d, long e, long f);

mprotect_fn raw_in_front, raw_go, raw_between, raw_from_memory, raw_short, raw_keeps, raw_by_symbol;
any_fn raw_any, raw_checked;
uint64_t raw_decoy(void);
extern const unsigned char raw_decoy_data[];
extern const unsigned char raw_decoy_loop[], raw_decoy_loop_end[];

static const char *const names[] = { "raw_in_front", "raw_go",	  "raw_between",  "raw_from_memory",
				     "raw_short",    "raw_keeps", "raw_by_symbol" };
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static char *pages;

/* The middle one of three pages, to and fro. */
static void use(mprotect_fn *protect, const char *what, const char *where)
{
	static long prot = PROT_READ;
	char when[128];

	snprintf(when, sizeof(when), "after %s %s", what, where);
	if (protect(pages + PAGE, PAGE, prot) != 0)
		fail(when);
	must_agree(when);
	prot ^= PROT_READ;
}

static void use_any(any_fn *any, const char *what, const char *where)
{
	char when[128];

	snprintf(when, sizeof(when), "after %s %s", what, where);
	if (any(SYS_mprotect, pages, PAGE, PROT_READ, 0, 0, 0) != 0 ||
	    any(SYS_getpid, NULL, 0, 0, 0, 0, 0) != getpid())
		fail(when);
	must_agree(when);
	if (any(SYS_munmap, pages, 0, 0, 0, 0, 0) != -EINVAL)
		fail("an error is not passed on");
	any(SYS_mprotect, pages, PAGE, RW, 0, 0, 0);
	must_agree(when);
}

static void in_program(void)
{
	mprotect_fn *const functions[] = { raw_in_front, raw_go,    raw_between,  raw_from_memory,
					   raw_short,	 raw_keeps, raw_by_symbol };

	for (size_t i = 0; i < N_NAMES; i++)
		use(functions[i], names[i], "in the program");
	use_any(raw_any, "raw_any", "in the program");
	use_any(raw_checked, "raw_checked", "in the program");
}

static void decoys(void)
{
	static const unsigned char data[] = { 0xb8, 10, 0, 0, 0, 0x0f, 0x05 };

	if (raw_decoy() != 0x050f0000000ab8)
		fail("an operand was taken for code");
	if (memcmp(raw_decoy_data, data, sizeof(data)) != 0)
		fail("data were taken for code");
	for (const unsigned char *c = raw_decoy_loop; c < raw_decoy_loop_end; c++)
		if (*c == 0xe9)
			fail("a jump was put where another one leads into");
}

static void in_library(void *library, const char *where)
{
	if (library == NULL) {
		dprintf(2, "%s\n", dlerror());
		fail(where);
	}
	for (size_t i = 0; i < N_NAMES; i++)
		use((mprotect_fn *)(uintptr_t)dlsym(library, names[i]), names[i], where);
	use_any((any_fn *)(uintptr_t)dlsym(library, "raw_any"), "raw_any", where);
	use_any((any_fn *)(uintptr_t)dlsym(library, "raw_checked"), "raw_checked", where);
}

/* ------------------------------------------------------------- mapped by hand */

struct code {
	size_t offset;	 /* in the file, of the code's first page */
	size_t size;	 /* whole pages */
	size_t in_front; /* from there to the function */
	size_t short_one;
};

static int find_code(struct dl_phdr_info *info, size_t size, void *context)
{
	struct code *code = context;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + phdr->p_vaddr;

		if (phdr->p_type != PT_LOAD || !(phdr->p_flags & PF_X) ||
		    code->in_front - start >= phdr->p_memsz)
			continue;
		code->in_front += phdr->p_offset % PAGE - start;
		code->short_one += phdr->p_offset % PAGE - start;
		code->offset = phdr->p_offset & ~(PAGE - 1);
		code->size = (phdr->p_memsz + phdr->p_offset % PAGE + PAGE - 1) & ~(PAGE - 1);
		return 1;
	}
	return 0;
}

static void *map_file(int fd, size_t size, size_t offset, int prot, int map_flags)
{
	void *p = mmap(NULL, size, prot, map_flags, fd, (off_t)offset);

	if (p == MAP_FAILED)
		fail("mmap of the library");
	must_agree("after mapping the library by hand");
	return p;
}

static void call_mapped(char *base, const struct code *code, const char *where)
{
	use((mprotect_fn *)(uintptr_t)(base + code->in_front), "raw_in_front", where);
	use((mprotect_fn *)(uintptr_t)(base + code->short_one), "raw_short", where);
}

static void by_hand(const char *path, void *library)
{
	struct code code = { .in_front = (uintptr_t)dlsym(library, "raw_in_front"),
			     .short_one = (uintptr_t)dlsym(library, "raw_short") };
	int fd = open(path, O_RDONLY);
	char *text, *moved, *shared;
	unsigned char bytes[8];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !dl_iterate_phdr(find_code, &code))
		fail("open of the library");

	text = map_file(fd, code.size, code.offset, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	call_mapped(text, &code, "in code that mmap mapped");

	moved = mmap(NULL, code.size + 64 * PAGE, PROT_NONE, ANON, -1, 0);
	moved = mremap(text, code.size, code.size, MREMAP_MAYMOVE | MREMAP_FIXED, moved + 8 * PAGE);
	must_agree("after moving code");
	call_mapped(moved, &code, "in code that mremap moved");

	text = map_file(fd, (size_t)st.st_size, 0, PROT_READ, MAP_PRIVATE);
	if (mprotect(text + code.offset, code.size, PROT_READ | PROT_EXEC) != 0)
		fail("mprotect of code");
	call_mapped(text + code.offset, &code, "in code that mprotect made executable");

	mprotect(text + code.offset, code.size, RW);
	mprotect(text + code.offset, code.size, PROT_READ | PROT_EXEC);
	must_agree("after making code writable for a while");
	call_mapped(text + code.offset, &code, "in code that was writable for a while");

	shared = map_file(fd, code.size, code.offset, PROT_READ | PROT_EXEC, MAP_SHARED);
	if (pread(fd, bytes, sizeof(bytes), (off_t)(code.offset + code.in_front)) !=
		    sizeof(bytes) ||
	    memcmp(bytes, shared + code.in_front, sizeof(bytes)) != 0)
		fail("a shared mapping was written to");
	close(fd);
}

/* More often than there are stubs. */
static void again_and_again(const char *path)
{
	for (int i = 0; i < 160; i++) {
		void *library = dlopen(path, RTLD_NOW);

		use((mprotect_fn *)(uintptr_t)dlsym(library, "raw_short"), "raw_short",
		    "in a library that comes and goes");
		dlclose(library);
	}
}

static void in_child(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		in_program();
		exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		fail("the child");
}

int main(int argc, char **argv)
{
	void *library;

	pages = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);
	if (argc != 2 || pages == MAP_FAILED)
		fail("usage");
	in_program();
	decoys();
	library = dlopen(argv[1], RTLD_NOW);
	in_library(library, "in a library that was opened");
	by_hand(argv[1], library);
	in_library(dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW), "in another namespace");
	dlclose(library);
	must_agree("after dlclose");
	again_and_again(argv[1]);
	in_library(dlopen(argv[1], RTLD_NOW), "in a library that was opened again");
	in_child();
	if (prctl(65, 1, 0, 0, 0) == 0) /* PR_SET_MDWE: no memory becomes executable that was not */
		in_library(dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW), "with MDWE");
	return 0;
}

#else

int main(void)
{
	skip("call sites are caught on x86-64 only");
	return 77;
}

#endif
