/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "cli/options/exit_code.h"
#include "cli/text/output.h"
#include "cli/run/program.h"

#define SCRIPT_DEPTH 5 /* as the kernel's */
#define PHDRS_MAX    128

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#else
#define NATIVE_MACHINE EM_NONE
#endif

/* ------------------------------------------------------------------ looking up */

/* 0, or the errno that execve() would give. */
static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return EACCES;
	return 0;
}

static int look_in_path(const char *name, struct program *program)
{
	const char *folders = getenv("PATH");
	int error = ENOENT;

	if (folders == NULL)
		folders = "/bin:/usr/bin";
	for (;;) {
		int len = (int)strcspn(folders, ":");
		int at = snprintf(program->path, sizeof(program->path), "%.*s%s%s", len, folders,
				  len > 0 ? "/" : "./", name);

		if (at < (int)sizeof(program->path)) {
			int found = check_executable(program->path);

			if (found == 0)
				return 0;
			if (found == EACCES || found == EISDIR)
				error = found;
		}
		if (folders[len] == '\0')
			return error;
		folders += len + 1;
	}
}

static int look_up(const char *name, struct program *program)
{
	if (strchr(name, '/') == NULL)
		return *name != '\0' ? look_in_path(name, program) : ENOENT;
	if (snprintf(program->path, sizeof(program->path), "%s", name) >=
	    (int)sizeof(program->path))
		return ENAMETOOLONG;
	return check_executable(program->path);
}

static int say_not_found(const char *name, int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		complain("there is no program '%s'", name);
		return CLI_RUN_NOT_FOUND;
	case EISDIR:
		complain("can't execute %s: it is a folder", name);
		return CLI_RUN_NOT_EXECUTABLE;
	}
	complain("can't execute %s: %s", name, strerror(error));
	return CLI_RUN_NOT_EXECUTABLE;
}

/* ------------------------------------------------------------- ELF, by hand */

struct elf_file {
	int fd;
	Elf64_Ehdr header;
	Elf64_Phdr phdrs[PHDRS_MAX];
	unsigned n_phdrs;
};

static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, buffer, size, (off_t)offset) == (ssize_t)size;
}

static bool elf_read(struct elf_file *elf)
{
	if (!read_at(elf->fd, &elf->header, sizeof(elf->header), 0) ||
	    elf->header.e_phentsize != sizeof(Elf64_Phdr))
		return false;
	elf->n_phdrs = elf->header.e_phnum;
	if (elf->n_phdrs == 0 || elf->n_phdrs > PHDRS_MAX)
		return false;
	return read_at(elf->fd, elf->phdrs, elf->n_phdrs * sizeof(Elf64_Phdr), elf->header.e_phoff);
}

static const Elf64_Phdr *elf_find(const struct elf_file *elf, uint32_t type)
{
	for (unsigned i = 0; i < elf->n_phdrs; i++)
		if (elf->phdrs[i].p_type == type)
			return &elf->phdrs[i];
	return NULL;
}

/* The loader itself has no interpreter either, but a name to be found by. */
static bool is_loader(const struct elf_file *elf)
{
	const Elf64_Phdr *dynamic = elf_find(elf, PT_DYNAMIC);
	uint64_t n = dynamic != NULL ? dynamic->p_filesz / sizeof(Elf64_Dyn) : 0;

	for (uint64_t i = 0; i < n && i < 1000; i++) {
		Elf64_Dyn entry;

		if (!read_at(elf->fd, &entry, sizeof(entry),
			     dynamic->p_offset + i * sizeof(entry)) ||
		    entry.d_tag == DT_NULL)
			return false;
		if (entry.d_tag == DT_SONAME)
			return true;
	}
	return false;
}

static int check_interpreter(const struct elf_file *elf, const Elf64_Phdr *interpreter,
			     const char *name)
{
	char path[PATH_MAX] = "";

	if (interpreter->p_filesz >= sizeof(path) ||
	    !read_at(elf->fd, path, interpreter->p_filesz, interpreter->p_offset) ||
	    access(path, F_OK) == 0)
		return 0;
	complain("can't execute %s: its loader %s is missing", name, path);
	return CLI_RUN_NOT_FOUND;
}

static int check_elf(int fd, const char *name)
{
	struct elf_file elf = { .fd = fd };
	const Elf64_Phdr *interpreter;
	unsigned char ident[EI_NIDENT];

	if (!read_at(fd, ident, sizeof(ident), 0))
		return say_not_found(name, ENOEXEC);
	if (ident[EI_CLASS] != ELFCLASS64) {
		complain("cannot preload into %s: it is a 32-bit program; mapledger records "
			 "64-bit programs only",
			 name);
		return CLI_RUN_FAILED;
	}
	if (!elf_read(&elf))
		return say_not_found(name, ENOEXEC);
	if (elf.header.e_machine != NATIVE_MACHINE) {
		complain("cannot preload into %s: it is made for another kind of machine", name);
		return CLI_RUN_FAILED;
	}
	interpreter = elf_find(&elf, PT_INTERP);
	if (interpreter != NULL)
		return check_interpreter(&elf, interpreter, name);
	if (elf.header.e_type == ET_DYN && is_loader(&elf))
		return 0;
	complain("cannot preload into %s: it is statically linked, and has no loader that would "
		 "load mapledger; link it dynamically to record it",
		 name);
	return CLI_RUN_FAILED;
}

/* ------------------------------------------------------------------ its rights */

/* Would the loader run in secure mode and ignore LD_PRELOAD? */
static bool has_own_rights(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if ((st.st_mode & S_ISUID) && st.st_uid != geteuid())
		return true;
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getegid())
		return true;
	return geteuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static int check_rights(int fd, const char *name)
{
	if (!has_own_rights(fd))
		return 0;
	complain("cannot preload into %s: it runs with rights of its own (setuid, setgid or "
		 "capabilities), and the loader ignores LD_PRELOAD then; record a copy without "
		 "them",
		 name);
	return CLI_RUN_FAILED;
}

/* --------------------------------------------------------------------- scripts */

/* "#! /bin/sh -e" -> "/bin/sh". Return: false when there is no interpreter. */
static bool script_interpreter(const char *head, char *interpreter, size_t size)
{
	size_t len;

	head += 2;
	head += strspn(head, " \t");
	len = strcspn(head, " \t\r\n");
	if (len == 0 || len >= size)
		return false;
	memcpy(interpreter, head, len);
	interpreter[len] = '\0';
	return true;
}

/* Return: as check_file(); *@next is set when a script leads on. */
static int check_contents(int fd, const char *name, char next[PATH_MAX])
{
	char head[PATH_MAX + 1];
	ssize_t n = pread(fd, head, sizeof(head) - 1, 0);

	next[0] = '\0';
	if (n < 0)
		return 0;
	head[n] = '\0';
	if (n >= 4 && memcmp(head, ELFMAG, SELFMAG) == 0) {
		int code = check_rights(fd, name);

		return code != 0 ? code : check_elf(fd, name);
	}
	if (strncmp(head, "#!", 2) != 0 || !script_interpreter(head, next, PATH_MAX)) {
		complain("can't execute %s: it is neither a program nor a script that begins with "
			 "#!",
			 name);
		return CLI_RUN_NOT_EXECUTABLE;
	}
	return 0;
}

static int check_file(const char *path, const char *name)
{
	char next[PATH_MAX];
	char now[PATH_MAX];

	snprintf(now, sizeof(now), "%s", path);
	for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
		int fd = open(now, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		int code;

		/* May be executed, but not read: the kernel will say. */
		if (fd < 0)
			return 0;
		code = check_contents(fd, depth == 0 ? name : now, next);
		close(fd);
		if (code != 0 || next[0] == '\0')
			return code;
		if (access(next, F_OK) < 0) {
			complain("can't execute %s: its interpreter %s is missing", name, next);
			return CLI_RUN_NOT_FOUND;
		}
		memcpy(now, next, sizeof(now));
	}
	complain("can't execute %s: too many interpreters call each other", name);
	return CLI_RUN_NOT_EXECUTABLE;
}

int program_find(const char *name, struct program *program)
{
	int error = look_up(name, program);

	if (error != 0)
		return say_not_found(name, error);
	return check_file(program->path, name);
}
