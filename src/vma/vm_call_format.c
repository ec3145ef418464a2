/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls as strace prints them: tables of names, and one printer per kind of argument
 */

#include "base/text.h"
#include "vma/vm_abi.h"
#include "vma/vm_call.h"
#include "vma/vm_call_format.h"
#include "vma/vm_errno.h"

struct bit_name {
	uint64_t bit;
	const char *name;
};

#define BIT(name)                                                                                  \
	{                                                                                          \
		name, #name                                                                        \
	}
#define END                                                                                        \
	{                                                                                          \
		0, NULL                                                                            \
	}

static const struct bit_name prot_bits[] = {
	BIT(PROT_READ),
	BIT(PROT_WRITE),
	BIT(PROT_EXEC),
	BIT(PROT_SEM),
	BIT(PROT_GROWSDOWN),
	BIT(PROT_GROWSUP),
	END,
};

static const struct bit_name map_bits[] = {
	BIT(MAP_FIXED),	    BIT(MAP_ANONYMOUS),	      BIT(MAP_32BIT),
	BIT(MAP_GROWSDOWN), BIT(MAP_DENYWRITE),	      BIT(MAP_EXECUTABLE),
	BIT(MAP_LOCKED),    BIT(MAP_NORESERVE),	      BIT(MAP_POPULATE),
	BIT(MAP_NONBLOCK),  BIT(MAP_STACK),	      BIT(MAP_HUGETLB),
	BIT(MAP_SYNC),	    BIT(MAP_FIXED_NOREPLACE), END,
};

static const struct bit_name remap_bits[] = {
	BIT(MREMAP_MAYMOVE),
	BIT(MREMAP_FIXED),
	BIT(MREMAP_DONTUNMAP),
	END,
};

static const struct bit_name shm_bits[] = {
	{ VM_SHM_RDONLY, "SHM_RDONLY" },
	{ VM_SHM_RND, "SHM_RND" },
	{ VM_SHM_REMAP, "SHM_REMAP" },
	{ VM_SHM_EXEC, "SHM_EXEC" },
	END,
};

static const struct bit_name clone_bits[] = {
	{ 0x100, "CLONE_VM" },
	{ 0x200, "CLONE_FS" },
	{ 0x400, "CLONE_FILES" },
	{ 0x800, "CLONE_SIGHAND" },
	{ 0x1000, "CLONE_PIDFD" },
	{ 0x2000, "CLONE_PTRACE" },
	{ 0x4000, "CLONE_VFORK" },
	{ 0x8000, "CLONE_PARENT" },
	{ 0x10000, "CLONE_THREAD" },
	{ 0x20000, "CLONE_NEWNS" },
	{ 0x40000, "CLONE_SYSVSEM" },
	{ 0x80000, "CLONE_SETTLS" },
	{ 0x100000, "CLONE_PARENT_SETTID" },
	{ 0x200000, "CLONE_CHILD_CLEARTID" },
	{ 0x800000, "CLONE_UNTRACED" },
	{ 0x1000000, "CLONE_CHILD_SETTID" },
	{ 0x2000000, "CLONE_NEWCGROUP" },
	{ 0x4000000, "CLONE_NEWUTS" },
	{ 0x8000000, "CLONE_NEWIPC" },
	{ 0x10000000, "CLONE_NEWUSER" },
	{ 0x20000000, "CLONE_NEWPID" },
	{ 0x40000000, "CLONE_NEWNET" },
	{ 0x80000000, "CLONE_IO" },
	{ 0x100000000, "CLONE_CLEAR_SIGHAND" },
	{ 0x200000000, "CLONE_INTO_CGROUP" },
	END,
};

static const struct bit_name map_types[] = {
	BIT(MAP_SHARED), BIT(MAP_PRIVATE), BIT(MAP_SHARED_VALIDATE), BIT(MAP_DROPPABLE), END,
};

static const struct bit_name advices[] = {
	{ MADV_NORMAL, "MADV_NORMAL" },
	BIT(MADV_RANDOM),
	BIT(MADV_SEQUENTIAL),
	BIT(MADV_WILLNEED),
	BIT(MADV_DONTNEED),
	BIT(MADV_FREE),
	BIT(MADV_REMOVE),
	BIT(MADV_DONTFORK),
	BIT(MADV_DOFORK),
	BIT(MADV_MERGEABLE),
	BIT(MADV_UNMERGEABLE),
	BIT(MADV_HUGEPAGE),
	BIT(MADV_NOHUGEPAGE),
	BIT(MADV_DONTDUMP),
	BIT(MADV_DODUMP),
	BIT(MADV_WIPEONFORK),
	BIT(MADV_KEEPONFORK),
	BIT(MADV_COLD),
	BIT(MADV_PAGEOUT),
	BIT(MADV_POPULATE_READ),
	BIT(MADV_POPULATE_WRITE),
	BIT(MADV_DONTNEED_LOCKED),
	BIT(MADV_COLLAPSE),
	BIT(MADV_HWPOISON),
	BIT(MADV_SOFT_OFFLINE),
	BIT(MADV_GUARD_INSTALL),
	BIT(MADV_GUARD_REMOVE),
	END,
};

static const struct bit_name mlock_bits[] = {
	{ 1, "MLOCK_ONFAULT" },
	END,
};

static const struct bit_name mlockall_bits[] = {
	BIT(MCL_CURRENT),
	BIT(MCL_FUTURE),
	BIT(MCL_ONFAULT),
	END,
};

static const struct bit_name shadow_bits[] = {
	{ 1, "SHADOW_STACK_SET_TOKEN" },
	{ 2, "SHADOW_STACK_SET_MARKER" },
	END,
};

static const struct bit_name prctl_options[] = {
	BIT(PR_SET_VMA),
	BIT(PR_SET_MM),
	BIT(PR_SET_MDWE),
	END,
};

static const struct bit_name prctl_vma_options[] = {
	BIT(PR_SET_VMA_ANON_NAME),
	END,
};

static const struct bit_name prctl_mm_options[] = {
	{ 1, "PR_SET_MM_START_CODE" },
	{ 2, "PR_SET_MM_END_CODE" },
	{ 3, "PR_SET_MM_START_DATA" },
	{ 4, "PR_SET_MM_END_DATA" },
	BIT(PR_SET_MM_START_STACK),
	BIT(PR_SET_MM_START_BRK),
	BIT(PR_SET_MM_BRK),
	{ 8, "PR_SET_MM_ARG_START" },
	{ 9, "PR_SET_MM_ARG_END" },
	{ 10, "PR_SET_MM_ENV_START" },
	{ 11, "PR_SET_MM_ENV_END" },
	{ 12, "PR_SET_MM_AUXV" },
	{ 13, "PR_SET_MM_EXE_FILE" },
	BIT(PR_SET_MM_MAP),
	{ 15, "PR_SET_MM_MAP_SIZE" },
	END,
};

static const struct bit_name arch_options[] = {
	{ VM_ARCH_MAP_VDSO_X32, "ARCH_MAP_VDSO_X32" },
	{ VM_ARCH_MAP_VDSO_32, "ARCH_MAP_VDSO_32" },
	{ VM_ARCH_MAP_VDSO_64, "ARCH_MAP_VDSO_64" },
	{ VM_ARCH_SHSTK_ENABLE, "ARCH_SHSTK_ENABLE" },
	{ VM_ARCH_SHSTK_DISABLE, "ARCH_SHSTK_DISABLE" },
	END,
};

/* PER_LINUX and the bits above the low byte. */
static const struct bit_name personality_bits[] = {
	BIT(UNAME26),	       BIT(ADDR_NO_RANDOMIZE),	BIT(FDPIC_FUNCPTRS),
	BIT(MMAP_PAGE_ZERO),   BIT(ADDR_COMPAT_LAYOUT), BIT(READ_IMPLIES_EXEC),
	BIT(ADDR_LIMIT_32BIT), BIT(SHORT_INODE),	BIT(WHOLE_SECONDS),
	BIT(STICKY_TIMEOUTS),  BIT(ADDR_LIMIT_3GB),	END,
};

/* Of signals, only those that people hand to clone. */
static const struct bit_name clone_signals[] = {
	{ 17, "SIGCHLD" },
	{ 10, "SIGUSR1" },
	{ 12, "SIGUSR2" },
	END,
};

/* ------------------------------------------------------------------ printers */

static void put_0x(struct text *text, uint64_t value)
{
	text_string(text, "0x");
	text_hex(text, value, 1);
}

static const char *find_name(const struct bit_name *names, uint64_t value)
{
	for (; names->name != NULL; names++)
		if (names->bit == value)
			return names->name;
	return NULL;
}

static void put_or(struct text *text, size_t start)
{
	if (text->len > start)
		text_char(text, '|');
}

/* Names of the bits, joined with those that stand before them since @start. */
static void put_bits(struct text *text, size_t start, const struct bit_name *names, uint64_t bits)
{
	for (; names->name != NULL; names++) {
		if ((bits & names->bit) == 0)
			continue;
		put_or(text, start);
		text_string(text, names->name);
		bits &= ~names->bit;
	}
	if (bits == 0)
		return;
	put_or(text, start);
	put_0x(text, bits);
}

static void put_flags(struct text *text, const struct bit_name *names, uint64_t bits,
		      const char *none)
{
	if (bits == 0)
		text_string(text, none);
	else
		put_bits(text, text->len, names, bits);
}

static void put_named(struct text *text, const struct bit_name *names, uint64_t value)
{
	const char *name = find_name(names, value);

	if (name != NULL)
		text_string(text, name);
	else
		put_0x(text, value);
}

/* MAP_SHARED and so on are values, the rest are bits, the size of a huge page is a number. */
static void put_map_flags(struct text *text, uint32_t map_flags)
{
	size_t start = text->len;
	uint32_t huge = 0;

	if ((map_flags & MAP_TYPE) == 0)
		text_string(text, "MAP_FILE");
	else
		put_named(text, map_types, map_flags & MAP_TYPE);
	if (map_flags & MAP_HUGETLB)
		huge = map_flags >> VM_MAP_HUGE_SHIFT & VM_MAP_HUGE_MASK;
	put_bits(text, start, map_bits, map_flags & ~(MAP_TYPE | huge << VM_MAP_HUGE_SHIFT));
	if (huge == 0)
		return;
	text_char(text, '|');
	text_decimal(text, huge);
	text_string(text, "<<MAP_HUGE_SHIFT");
}

/* The low byte is the signal that the child sends when it ends. */
static void put_clone_flags(struct text *text, uint64_t flags)
{
	size_t start = text->len;
	uint64_t exit_signal = flags & 0xff;

	if (flags == 0)
		text_char(text, '0');
	put_bits(text, start, clone_bits, flags & ~0xffULL);
	if (exit_signal == 0)
		return;
	put_or(text, start);
	put_named(text, clone_signals, exit_signal);
}

static void put_address(struct text *text, uint64_t addr)
{
	if (addr == 0)
		text_string(text, "NULL");
	else
		put_0x(text, addr);
}

static void put_offset(struct text *text, uint64_t offset)
{
	if (offset == 0)
		text_char(text, '0');
	else
		put_0x(text, offset);
}

static void put_arg(struct text *text, unsigned kind, uint64_t value)
{
	switch (kind) {
	case VM_ARG_ADDR:
	case VM_ARG_STRING:
		put_address(text, value);
		break;
	case VM_ARG_PROT:
		put_flags(text, prot_bits, (uint32_t)value, "PROT_NONE");
		break;
	case VM_ARG_MAP_FLAGS:
		put_map_flags(text, (uint32_t)value);
		break;
	case VM_ARG_REMAP_FLAGS:
		put_flags(text, remap_bits, (uint32_t)value, "0");
		break;
	case VM_ARG_SHM_FLAGS:
		put_flags(text, shm_bits, (uint32_t)value, "0");
		break;
	case VM_ARG_FD:
	case VM_ARG_PKEY:
	case VM_ARG_ID:
		text_signed(text, (int32_t)value);
		break;
	case VM_ARG_OFFSET:
	case VM_ARG_HEX:
		put_offset(text, value);
		break;
	case VM_ARG_ADVICE:
		put_named(text, advices, (uint32_t)value);
		break;
	case VM_ARG_CLONE_FLAGS:
		put_clone_flags(text, value);
		break;
	case VM_ARG_MLOCK_FLAGS:
		put_flags(text, mlock_bits, (uint32_t)value, "0");
		break;
	case VM_ARG_MLOCKALL_FLAGS:
		put_flags(text, mlockall_bits, (uint32_t)value, "0");
		break;
	case VM_ARG_SHADOW_FLAGS:
		put_flags(text, shadow_bits, (uint32_t)value, "0");
		break;
	case VM_ARG_PRCTL:
		put_named(text, prctl_options, (uint32_t)value);
		break;
	case VM_ARG_PRCTL_VMA:
		put_named(text, prctl_vma_options, value);
		break;
	case VM_ARG_PRCTL_MM:
		put_named(text, prctl_mm_options, value);
		break;
	case VM_ARG_ARCH_PRCTL:
		put_named(text, arch_options, (uint32_t)value);
		break;
	case VM_ARG_PERSONALITY:
		put_flags(text, personality_bits, (uint32_t)value, "PER_LINUX");
		break;
	default: /* VM_ARG_LEN, VM_ARG_PGOFF */
		text_decimal(text, value);
		break;
	}
}

static void put_error(struct text *text, int error)
{
	const char *name = vm_errno_name(error);

	text_string(text, "-1 ");
	if (name == NULL) {
		text_string(text, "errno ");
		text_decimal(text, (uint64_t)error);
		return;
	}
	text_string(text, name);
	text_string(text, " (");
	text_string(text, vm_errno_text(error));
	text_char(text, ')');
}

static void put_result(struct text *text, const struct vm_call *call)
{
	if (vm_call_failed(call))
		put_error(text, (int)-call->result);
	else if (vm_op_info(call->op)->result == VM_RESULT_ADDR)
		put_0x(text, (uint64_t)call->result);
	else
		text_signed(text, call->result);
}

/* What prctl's arguments are depends on the first one. */
static const struct prctl_row {
	uint64_t option;
	uint8_t n_args;
	uint8_t args[5];
} prctl_rows[] = {
	{ PR_SET_VMA,
	  5,
	  { VM_ARG_PRCTL, VM_ARG_PRCTL_VMA, VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_STRING } },
	{ PR_SET_MM, 5, { VM_ARG_PRCTL, VM_ARG_PRCTL_MM, VM_ARG_ADDR, VM_ARG_LEN, VM_ARG_LEN } },
	{ PR_SET_MDWE, 2, { VM_ARG_PRCTL, VM_ARG_HEX } },
};

static const struct prctl_row *find_prctl(const struct vm_call *call)
{
	if (call->op == VM_OP_PRCTL)
		for (unsigned i = 0; i < sizeof(prctl_rows) / sizeof(prctl_rows[0]); i++)
			if (prctl_rows[i].option == call->args[0])
				return &prctl_rows[i];
	return NULL;
}

/* mremap's fifth argument is not looked at by the kernel without one of these flags. */
static unsigned args_that_count(const struct vm_call *call)
{
	if (call->op == VM_OP_MREMAP && !(call->args[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP)))
		return 4;
	return vm_op_info(call->op)->n_args;
}

void vm_call_format(struct text *text, const struct vm_call *call, bool finished)
{
	const struct vm_op_info *info = vm_op_info(call->op);
	const struct prctl_row *prctl = find_prctl(call);
	const uint8_t *kinds = prctl != NULL ? prctl->args : info->args;
	unsigned n_args = prctl != NULL ? prctl->n_args : args_that_count(call);

	text_string(text, info->name);
	text_char(text, '(');
	for (unsigned i = 0; i < n_args; i++) {
		if (i > 0)
			text_string(text, ", ");
		put_arg(text, kinds[i], call->args[i]);
	}
	text_string(text, ") = ");
	if (finished)
		put_result(text, call);
	else
		text_char(text, '?');
}
