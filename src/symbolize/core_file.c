/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The notes of a core file, read with libelf
 */

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <signal.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>
#include "symbolize/core_file.h"

/* The kernel writes one into each core, and glibc 2.36 has no name for it. */
#ifndef NT_SIGINFO
#define NT_SIGINFO 0x53494749
#endif

/* ----------------------------------------------------------------------- notes */

static void read_siginfo(struct core_file *core, const void *bytes, size_t size)
{
	siginfo_t info;

	if (size < sizeof(info))
		return;
	memcpy(&info, bytes, sizeof(info));
	core->fault.signal = (uint32_t)info.si_signo;
	core->fault.code = info.si_code;
	if (info.si_code > 0) {
		core->fault.address = (uintptr_t)info.si_addr;
	} else {
		core->fault.sender_pid = (uint32_t)info.si_pid;
		core->fault.sender_uid = info.si_uid;
	}
}

/* The first is that of the thread that was killed. */
static void read_status(struct core_file *core, const void *bytes, size_t size)
{
	struct elf_prstatus status;

	if (size < sizeof(status) || core->fault.tid != 0)
		return;
	memcpy(&status, bytes, sizeof(status));
	core->fault.tid = (uint32_t)status.pr_pid;
#if defined(__x86_64__)
	/* struct user_regs_struct: rip and rsp */
	core->fault.pc = ((const uint64_t *)(const void *)&status.pr_reg)[16];
	core->fault.sp = ((const uint64_t *)(const void *)&status.pr_reg)[19];
#elif defined(__aarch64__)
	core->fault.sp = ((const uint64_t *)(const void *)&status.pr_reg)[31];
	core->fault.pc = ((const uint64_t *)(const void *)&status.pr_reg)[32];
#endif
	core->fault.frames[0] = core->fault.pc;
	core->fault.n_frames = 1;
	core->fault.exact = 1;
	if (core->fault.signal == 0)
		core->fault.signal = (uint32_t)status.pr_cursig;
}

static void read_process(struct core_file *core, const void *bytes, size_t size)
{
	struct elf_prpsinfo process;

	if (size < sizeof(process))
		return;
	memcpy(&process, bytes, sizeof(process));
	core->pid = (uint32_t)process.pr_pid;
	memcpy(core->name, process.pr_fname, sizeof(core->name));
	core->name[sizeof(core->name) - 1] = '\0';
	memcpy(core->fault.thread_name, core->name, sizeof(core->name));
}

static void read_note(struct core_file *core, const GElf_Nhdr *note, const char *bytes)
{
	switch (note->n_type) {
	case NT_SIGINFO:
		read_siginfo(core, bytes, note->n_descsz);
		break;
	case NT_PRSTATUS:
		read_status(core, bytes, note->n_descsz);
		break;
	case NT_PRPSINFO:
		read_process(core, bytes, note->n_descsz);
		break;
	}
}

static void read_notes(struct core_file *core, Elf *elf, const GElf_Phdr *header)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz,
					      header->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t at = 0, next, name, bytes;
	GElf_Nhdr note;

	while (data != NULL && (next = gelf_getnote(data, at, &note, &name, &bytes)) > 0) {
		read_note(core, &note, (const char *)data->d_buf + bytes);
		at = next;
	}
}

static bool read_headers(struct core_file *core, Elf *elf)
{
	GElf_Phdr header;
	size_t n = 0;

	if (elf_getphdrnum(elf, &n) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(elf, (int)i, &header) != NULL && header.p_type == PT_NOTE)
			read_notes(core, elf, &header);
	return core->fault.signal != 0 && core->pid != 0;
}

/* ----------------------------------------------------------------------- stack */

static int take_frame(Dwfl_Frame *frame, void *context)
{
	struct ledger_fault *fault = context;
	bool activation = false;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(frame, &pc, &activation) || fault->n_frames == LEDGER_FAULT_FRAMES)
		return DWARF_CB_ABORT;
	if (activation)
		fault->exact |= 1ULL << fault->n_frames;
	fault->frames[fault->n_frames++] = pc;
	return DWARF_CB_OK;
}

static void unwind(struct core_file *core, Elf *elf)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);
	struct ledger_fault *fault = &core->fault;

	if (dwfl == NULL)
		return;
	if (dwfl_core_file_report(dwfl, elf, NULL) >= 0 && dwfl_report_end(dwfl, NULL, NULL) == 0 &&
	    dwfl_core_file_attach(dwfl, elf) >= 0) {
		fault->n_frames = 0;
		fault->exact = 0;
		dwfl_getthread_frames(dwfl, (pid_t)fault->tid, take_frame, fault);
		if (fault->n_frames == 0) {
			fault->n_frames = 1;
			fault->exact = 1;
		}
	}
	dwfl_end(dwfl);
}

/* ------------------------------------------------------------------------- all */

static const char *read_elf(struct core_file *core, Elf *elf)
{
	GElf_Ehdr header;

	if (elf == NULL || elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == NULL ||
	    header.e_type != ET_CORE)
		return "is not a core file";
#if defined(__x86_64__)
	if (header.e_machine != EM_X86_64)
		return "is of another machine";
#elif defined(__aarch64__)
	if (header.e_machine != EM_AARCH64)
		return "is of another machine";
#endif
	if (!read_headers(core, elf))
		return "is a core file without the kernel's notes on its signal";
	unwind(core, elf);
	return NULL;
}

/* No trap is in a core: what the access was shows only when the address is the code's own. */
static void judge_access(struct ledger_fault *fault)
{
	if (fault->code > 0 && fault->address == fault->pc && fault->address != 0)
		fault->access = LEDGER_ACCESS_EXECUTE;
}

bool core_file_read(const char *path, struct core_file *core, const char **wrong)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	*core = (struct core_file){ 0 };
	if (fd < 0) {
		*wrong = strerror(errno);
		return false;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	*wrong = read_elf(core, elf);
	judge_access(&core->fault);
	core->fault.state = LEDGER_FAULT_COMPLETE;
	elf_end(elf);
	close(fd);
	return *wrong == NULL;
}
