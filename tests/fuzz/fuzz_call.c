/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "fuzz_call.h"
#include "vma/vm_abi.h"

#ifndef SYS_arch_prctl
#define SYS_arch_prctl (-100) /* x86 alone: no such call */
#endif

const struct fuzz_op fuzz_ops[OP_COUNT] = {
	[OP_MMAP] = { "mmap", SYS_mmap, "alpmfo" },
	[OP_MUNMAP] = { "munmap", SYS_munmap, "al" },
	[OP_MPROTECT] = { "mprotect", SYS_mprotect, "alp" },
	[OP_PKEY_MPROTECT] = { "pkey_mprotect", SYS_pkey_mprotect, "alpo" },
	[OP_MREMAP] = { "mremap", SYS_mremap, "allra" },
	[OP_BRK] = { "brk", SYS_brk, "a" },
	[OP_SHMAT] = { "shmat", SYS_shmat, "fah" },
	[OP_SHMDT] = { "shmdt", SYS_shmdt, "a" },
	[OP_REMAP_FILE_PAGES] = { "remap_file_pages", SYS_remap_file_pages, "alpom" },
	[OP_MADVISE] = { "madvise", SYS_madvise, "alv" },
	[OP_PROCESS_MADVISE] = { "process_madvise", SYS_process_madvise, "faovo" },
	[OP_MLOCK] = { "mlock", SYS_mlock, "al" },
	[OP_MLOCK2] = { "mlock2", SYS_mlock2, "alo" },
	[OP_MUNLOCK] = { "munlock", SYS_munlock, "al" },
	[OP_MLOCKALL] = { "mlockall", SYS_mlockall, "o" },
	[OP_MUNLOCKALL] = { "munlockall", SYS_munlockall, "" },
	[OP_MSEAL] = { "mseal", SYS_mseal, "alo" },
	[OP_IO_SETUP] = { "io_setup", SYS_io_setup, "oa" },
	[OP_IO_DESTROY] = { "io_destroy", SYS_io_destroy, "a" },
	[OP_PRCTL] = { "prctl", SYS_prctl, "ooala" },
	[OP_ARCH_PRCTL] = { "arch_prctl", SYS_arch_prctl, "oa" },
	[OP_MAP_SHADOW_STACK] = { "map_shadow_stack", SYS_map_shadow_stack, "alo" },
	[OP_MBIND] = { "mbind", SYS_mbind, "aloaoo" },
	[OP_PERSONALITY] = { "personality", SYS_personality, "o" },
	[OP_TOUCH] = { "touch", FUZZ_TOUCH, "a" },
	[OP_FORK] = { "fork", FUZZ_FORK, "" },
	[OP_REGISTER] = { "register", FUZZ_REGISTER, "al" },
	[OP_UNREGISTER] = { "unregister", FUZZ_UNREGISTER, "al" },
	[OP_CLOSE_FAULTS] = { "close_faults", FUZZ_CLOSE_FAULTS, "" },
};

static const char *const bases[FUZZ_BASE_COUNT] = {
	[FUZZ_ZONE] = "zone",	    [FUZZ_HEAP] = "heap",	[FUZZ_VDSO] = "vdso",
	[FUZZ_FILE] = "file",	    [FUZZ_READONLY] = "rofile", [FUZZ_ZERO] = "zero",
	[FUZZ_MEMFD] = "memfd",	    [FUZZ_SOCKET] = "socket",	[FUZZ_SELF] = "self",
	[FUZZ_SHM0] = "shm0",	    [FUZZ_SHM1] = "shm1",	[FUZZ_VECTOR] = "vector",
	[FUZZ_CONTEXT] = "context", [FUZZ_STRING] = "string",	[FUZZ_R0] = "r0",
	[FUZZ_R0 + 1] = "r1",	    [FUZZ_R0 + 2] = "r2",	[FUZZ_R0 + 3] = "r3",
	[FUZZ_R0 + 4] = "r4",	    [FUZZ_R0 + 5] = "r5",	[FUZZ_R0 + 6] = "r6",
	[FUZZ_R0 + 7] = "r7",
};

/* Names of bits, and (with @mask) of values in a field of several bits. */
struct word {
	char letter;
	const char *name;
	uint64_t value;
	uint64_t mask;
};

#define BIT(letter_, name_, value_)                                                                \
	{                                                                                          \
		letter_, name_, value_, value_                                                     \
	}

static const struct word words[] = {
	BIT('p', "GROWSDOWN", PROT_GROWSDOWN),
	BIT('p', "GROWSUP", PROT_GROWSUP),
	{ 'm', "PRIVATE", MAP_PRIVATE, MAP_TYPE },
	{ 'm', "SHARED", MAP_SHARED, MAP_TYPE },
	{ 'm', "SHARED_VALIDATE", MAP_SHARED_VALIDATE, MAP_TYPE },
	{ 'm', "DROPPABLE", MAP_DROPPABLE, MAP_TYPE },
	BIT('m', "FIXED", MAP_FIXED),
	BIT('m', "ANONYMOUS", MAP_ANONYMOUS),
	BIT('m', "32BIT", MAP_32BIT),
	BIT('m', "GROWSDOWN", MAP_GROWSDOWN),
	BIT('m', "LOCKED", MAP_LOCKED),
	BIT('m', "NORESERVE", MAP_NORESERVE),
	BIT('m', "POPULATE", MAP_POPULATE),
	BIT('m', "NONBLOCK", MAP_NONBLOCK),
	BIT('m', "STACK", MAP_STACK),
	BIT('m', "HUGETLB", MAP_HUGETLB),
	BIT('m', "FIXED_NOREPLACE", MAP_FIXED_NOREPLACE),
	BIT('r', "MAYMOVE", MREMAP_MAYMOVE),
	BIT('r', "FIXED", MREMAP_FIXED),
	BIT('r', "DONTUNMAP", MREMAP_DONTUNMAP),
	BIT('h', "RDONLY", VM_SHM_RDONLY),
	BIT('h', "RND", VM_SHM_RND),
	BIT('h', "REMAP", VM_SHM_REMAP),
	BIT('h', "EXEC", VM_SHM_EXEC),
	{ 'v', "NORMAL", MADV_NORMAL, UINT64_MAX },
	{ 'v', "RANDOM", MADV_RANDOM, UINT64_MAX },
	{ 'v', "SEQUENTIAL", MADV_SEQUENTIAL, UINT64_MAX },
	{ 'v', "WILLNEED", MADV_WILLNEED, UINT64_MAX },
	{ 'v', "DONTNEED", MADV_DONTNEED, UINT64_MAX },
	{ 'v', "FREE", MADV_FREE, UINT64_MAX },
	{ 'v', "REMOVE", MADV_REMOVE, UINT64_MAX },
	{ 'v', "DONTFORK", MADV_DONTFORK, UINT64_MAX },
	{ 'v', "DOFORK", MADV_DOFORK, UINT64_MAX },
	{ 'v', "MERGEABLE", MADV_MERGEABLE, UINT64_MAX },
	{ 'v', "UNMERGEABLE", MADV_UNMERGEABLE, UINT64_MAX },
	{ 'v', "HUGEPAGE", MADV_HUGEPAGE, UINT64_MAX },
	{ 'v', "NOHUGEPAGE", MADV_NOHUGEPAGE, UINT64_MAX },
	{ 'v', "DONTDUMP", MADV_DONTDUMP, UINT64_MAX },
	{ 'v', "DODUMP", MADV_DODUMP, UINT64_MAX },
	{ 'v', "WIPEONFORK", MADV_WIPEONFORK, UINT64_MAX },
	{ 'v', "KEEPONFORK", MADV_KEEPONFORK, UINT64_MAX },
	{ 'v', "COLD", MADV_COLD, UINT64_MAX },
	{ 'v', "PAGEOUT", MADV_PAGEOUT, UINT64_MAX },
	{ 'v', "POPULATE_READ", MADV_POPULATE_READ, UINT64_MAX },
	{ 'v', "POPULATE_WRITE", MADV_POPULATE_WRITE, UINT64_MAX },
	{ 'v', "GUARD_INSTALL", MADV_GUARD_INSTALL, UINT64_MAX },
	{ 'v', "GUARD_REMOVE", MADV_GUARD_REMOVE, UINT64_MAX },
};

enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

unsigned fuzz_n_args(const struct fuzz_call *call)
{
	return (unsigned)strlen(fuzz_ops[call->op].args);
}

/* ------------------------------------------------------------------- formatting */

struct line {
	char *text;
	size_t size;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->len, line->size - line->len, format, args);
	va_end(args);
	if (n > 0)
		line->len += (size_t)n;
	if (line->len >= line->size)
		line->len = line->size - 1;
}

/* What no word says is added as a number. */
static void add_words(struct line *line, char letter, uint64_t value, bool any)
{
	for (unsigned i = 0; i < N_WORDS; i++) {
		const struct word *word = &words[i];

		if (word->letter != letter || (value & word->mask) != word->value ||
		    (word->value == 0 && letter != 'v'))
			continue;
		add(line, "%s%s", any ? "|" : "", word->name);
		value &= ~word->mask;
		any = true;
		if (letter == 'v')
			return;
	}
	if (value != 0 || !any)
		add(line, "%s0x%" PRIx64, any ? "|" : "", value);
}

static void add_prot(struct line *line, uint64_t prot)
{
	add(line, "%c%c%c", prot & PROT_READ ? 'r' : '-', prot & PROT_WRITE ? 'w' : '-',
	    prot & PROT_EXEC ? 'x' : '-');
	prot &= ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC);
	if (prot != 0)
		add_words(line, 'p', prot, true);
}

static void add_value(struct line *line, const struct fuzz_value *value)
{
	int64_t offset = (int64_t)value->offset;

	if (value->base == FUZZ_NUMBER)
		add(line, offset == -1 ? "-1" : "0x%" PRIx64, value->offset);
	else if (offset == 0)
		add(line, "%s", bases[value->base]);
	else
		add(line, "%s%c0x%" PRIx64, bases[value->base], offset < 0 ? '-' : '+',
		    offset < 0 ? -value->offset : value->offset);
}

static void add_arg(struct line *line, char letter, const struct fuzz_value *value)
{
	if (letter == 'p')
		add_prot(line, value->offset);
	else if (strchr("mrhv", letter) != NULL)
		add_words(line, letter, value->offset, false);
	else
		add_value(line, value);
}

void fuzz_call_format(const struct fuzz_call *call, char *text, size_t size)
{
	const struct fuzz_op *op = &fuzz_ops[call->op];
	struct line line = { text, size, 0 };

	text[0] = '\0';
	if (call->slot >= 0)
		add(&line, "r%d = ", call->slot);
	add(&line, "%s(", op->name);
	for (unsigned i = 0; op->args[i] != '\0'; i++) {
		add(&line, "%s", i == 0 ? "" : ", ");
		add_arg(&line, op->args[i], &call->args[i]);
	}
	add(&line, ")");
	for (unsigned i = 0; i < call->n_vector; i++) {
		add(&line, " [");
		add_value(&line, &call->vector[2 * i]);
		add(&line, " ");
		add_value(&line, &call->vector[2 * i + 1]);
		add(&line, "]");
	}
}

/* ---------------------------------------------------------------------- parsing */

static bool skip(const char **at, const char *what)
{
	size_t len = strlen(what);

	if (strncmp(*at, what, len) != 0)
		return false;
	*at += len;
	return true;
}

static bool parse_number(const char **at, uint64_t *number)
{
	char *end;
	bool negative = skip(at, "-");

	*number = strtoull(*at, &end, 0);
	if (end == *at)
		return false;
	*at = end;
	if (negative)
		*number = -*number;
	return true;
}

static size_t word_len(const char *at)
{
	return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
}

static bool parse_base(const char **at, uint8_t *base)
{
	size_t len = word_len(*at);

	for (unsigned i = 1; i < FUZZ_BASE_COUNT; i++)
		if (strlen(bases[i]) == len && strncmp(*at, bases[i], len) == 0) {
			*base = (uint8_t)i;
			*at += len;
			return true;
		}
	return false;
}

static bool parse_value(const char **at, struct fuzz_value *value)
{
	*value = (struct fuzz_value){ 0 };
	if (!parse_base(at, &value->base))
		return parse_number(at, &value->offset);
	if (skip(at, "+"))
		return parse_number(at, &value->offset);
	return **at != '-' || parse_number(at, &value->offset);
}

static bool parse_word(const char **at, char letter, uint64_t *value)
{
	size_t len = word_len(*at);
	uint64_t number;

	for (unsigned i = 0; i < N_WORDS; i++)
		if (words[i].letter == letter && strlen(words[i].name) == len &&
		    strncmp(*at, words[i].name, len) == 0) {
			*at += len;
			*value |= words[i].value;
			return true;
		}
	if (!parse_number(at, &number))
		return false;
	*value |= number;
	return true;
}

static bool parse_words(const char **at, char letter, uint64_t *value)
{
	do {
		if (!parse_word(at, letter, value))
			return false;
	} while (skip(at, "|"));
	return true;
}

static bool parse_prot(const char **at, uint64_t *prot)
{
	if (strlen(*at) < 3 || strspn(*at, "rwx-") < 3)
		return false;
	*prot = ((*at)[0] == 'r' ? PROT_READ : 0) | ((*at)[1] == 'w' ? PROT_WRITE : 0) |
		((*at)[2] == 'x' ? PROT_EXEC : 0);
	*at += 3;
	return !skip(at, "|") || parse_words(at, 'p', prot);
}

static bool parse_arg(const char **at, char letter, struct fuzz_value *value)
{
	*value = (struct fuzz_value){ 0 };
	if (letter == 'p')
		return parse_prot(at, &value->offset);
	if (strchr("mrhv", letter) != NULL)
		return parse_words(at, letter, &value->offset);
	return parse_value(at, value);
}

static bool parse_op(const char **at, struct fuzz_call *call)
{
	size_t len = word_len(*at);

	for (unsigned i = 0; i < OP_COUNT; i++)
		if (strlen(fuzz_ops[i].name) == len && strncmp(*at, fuzz_ops[i].name, len) == 0) {
			call->op = (uint8_t)i;
			*at += len;
			return skip(at, "(");
		}
	return false;
}

static bool parse_slot(const char **at, struct fuzz_call *call)
{
	if ((*at)[0] != 'r' || strchr("01234567", (*at)[1]) == NULL ||
	    strncmp(*at + 2, " = ", 3) != 0)
		return true;
	call->slot = (int8_t)((*at)[1] - '0');
	*at += 5;
	return true;
}

static bool parse_vector(const char **at, struct fuzz_call *call)
{
	while (skip(at, " [")) {
		struct fuzz_value *pair = &call->vector[2 * call->n_vector];

		if (call->n_vector++ == FUZZ_VECTOR_MAX || !parse_value(at, &pair[0]) ||
		    !skip(at, " ") || !parse_value(at, &pair[1]) || !skip(at, "]"))
			return false;
	}
	return true;
}

bool fuzz_call_parse(const char *line, struct fuzz_call *call)
{
	const char *args;

	*call = (struct fuzz_call){ .slot = -1 };
	if (!parse_slot(&line, call) || !parse_op(&line, call))
		return false;
	args = fuzz_ops[call->op].args;
	for (unsigned i = 0; args[i] != '\0'; i++)
		if ((i > 0 && !skip(&line, ", ")) || !parse_arg(&line, args[i], &call->args[i]))
			return false;
	return skip(&line, ")") && parse_vector(&line, call) && *line == '\0';
}
