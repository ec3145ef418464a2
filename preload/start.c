/* SPDX-License-Identifier: Apache-2.0 */

/*
 * start - the shim's constructor, which begins to record before main, and what is done at exit
 *
 * The shim is the first library whose constructor runs (-z initfirst), so the
 * baseline holds what the kernel and ld.so mapped, and little else. Until then,
 * and whenever something here fails, hooks forward and nothing is recorded.
 */

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include "base/seccomp.h"
#include "base/sys.h"
#include "base/text.h"
#include "capture/hooks.h"
#include "capture/raw.h"
#include "capture/route.h"
#include "capture/scope.h"
#include "crash/fault.h"
#include "map/baseline.h"
#include "map/map.h"
#include "record/finish.h"
#include "record/intervene.h"
#include "record/naming.h"
#include "record/perform.h"
#include "shim/shim.h"
#include "sites/site_table.h"
#include "vma/vm_errno.h"
#include "threads/task.h"

static const char *find_variable(char **envp, const char *name)
{
	size_t len = text_length(name);

	for (; envp != NULL && *envp != NULL; envp++) {
		const char *variable = *envp;
		size_t i = 0;

		while (i < len && variable[i] == name[i])
			i++;
		if (i == len && variable[i] == '=')
			return variable + len + 1;
	}
	return NULL;
}

static void read_options(char **envp)
{
	const char *string = find_variable(envp, OPTIONS_VARIABLE);
	char buffer[256];
	struct text complaint;

	text_init(&complaint, buffer, sizeof(buffer));
	options_init(&shim.options);
	if (string != NULL)
		options_parse(&shim.options, string, &complaint);
	if (complaint.len > 0)
		shim_debug(complaint.buffer, "");
}

/* A program may change its folder before a child is made. */
static void make_output_absolute(void)
{
	char folder[OPTIONS_PATH_MAX], relative[OPTIONS_PATH_MAX];
	struct text text;

	if (shim.options.output[0] == '/')
		return;
	/* A folder out of reach reads "(unreachable)...": then the name stays relative. */
	if (sys_call6(SYS_getcwd, (long)folder, sizeof(folder), 0, 0, 0, 0) <= 0 ||
	    folder[0] != '/')
		return;
	memcpy(relative, shim.options.output, sizeof(relative));
	text_init(&text, shim.options.output, OPTIONS_PATH_MAX);
	text_string(&text, folder);
	text_char(&text, '/');
	text_string(&text, relative);
}

/*
 * Somebody confined itself and executed this program. What the loader has done is
 * allowed, and what we would do may be deadly.
 */
static bool is_behind_new_filter(void)
{
	return shim.options.filters != OPTION_FILTERS_ANY &&
	       seccomp_filters() > shim.options.filters;
}

static bool is_wanted(void)
{
	return shim.options.root == 0 || shim.options.root == shim.pid ||
	       shim.options.follow == OPTION_FOLLOW_ALL;
}

/*
 * qemu-user accepts any advice, and follows few. It makes a fork of every child. And it
 * stands in for /proc/self/maps alone: under other names there is the kernel's, where
 * the emulator's own memory is.
 */
static bool is_emulated(void)
{
	return sys_madvise(0, 0, -1) == 0;
}

/* Kernels before 4.14 have no MADV_WIPEONFORK: there a child can't be noticed. */
static int make_fork_mark(void)
{
	long page = sys_mmap(0, VM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);

	if (sys_is_error(page))
		return (int)page;
	shim.fork_mark = (volatile uint32_t *)page;
	*shim.fork_mark = 1;
	return (int)sys_madvise((uint64_t)page, VM_PAGE_SIZE, MADV_WIPEONFORK);
}

/*
 * The kernel puts argc at mm->start_stack. start_brk it does not tell, but it is
 * where [heap] begins; before the heap has a page it is the break itself.
 */
static void learn_layout(char **argv)
{
	const struct memory_area *below;
	uint64_t brk = (uint64_t)sys_call6(SYS_brk, 0, 0, 0, 0, 0, 0);

	map.space.start_stack = (uintptr_t)argv - sizeof(long);
	map.space.brk = brk;
	map.space.start_brk = brk;
	map.space.personality = (uint32_t)sys_call6(SYS_personality, 0xffffffff, 0, 0, 0, 0, 0);
	below = brk > 0 ? memory_set_find(map.space.set, brk - 1) : NULL;
	if (below != NULL && below->tag[VM_TAG_OBJECT] == 0 && below->range.end == vm_page_up(brk))
		map.space.start_brk = below->range.start;
}

static int start(char **argv)
{
	int error = make_fork_mark();

	if (error < 0)
		return error;
	error = map_init(perform_for_space, NULL);
	if (error < 0)
		return error;
	vm_space_reserve(&map.space, 32);
	error = baseline_read();
	if (error < 0)
		return error;
	learn_layout(argv);
	error = naming_create_ledger(LEDGER_LINK_SPAWN, NULL, 0);
	if (error == 0)
		naming_write_start();
	return error;
}

/*
 * Where libc's exit_group is not seen. Registered before anybody else can register
 * anything, so it runs after all of them. In libc itself: a sanitizer that stands in
 * front would begin, or crash, before it is its turn.
 */
static void shim_finish(int status, void *unused)
{
	(void)unused;
	finish_at_exit(status);
}

typedef int on_exit_function(void (*)(int, void *), void *);

static void ask_to_be_last(void)
{
	uint64_t at = scope_libc("on_exit");

	if (at != 0)
		((on_exit_function *)at)(shim_finish, NULL);
	else
		shim_debug("the end will not be seen: ", "there is no on_exit");
}

__attribute__((constructor)) static void shim_start(int argc, char **argv, char **envp)
{
	int error;

	(void)argc;
	shim.argv = argv;
	hooks_find_next();
	read_options(envp);
	if (is_behind_new_filter())
		return;
	shim.pid = (uint32_t)sys_getpid();
	shim.emulated = is_emulated();
	if (!is_wanted())
		return;
	task_start(envp);
	make_output_absolute();
	error = start(argv);
	if (error < 0) {
		shim_debug("not recording: ", vm_errno_text(-error));
		naming_tell_before_exec(error);
		return;
	}
	hooks_start();
	raw_prepare();
	if (shim.options.sites != OPTION_SITES_OFF)
		route_start();
	intervene_start();
	/* Whose call it is must show, for a policy, where the program calls. */
	if (!site_table_sees(SITE_CALL) || intervene_wanted)
		hooks_pass_nothing_on();
	if (!site_table_sees(SITE_EXIT))
		ask_to_be_last();
	shim.live = true;
	/* One that is missed would show the program our handler. */
	if (site_table_sees(SITE_SIGACTION) && site_table_sees(SITE_SIGALTSTACK))
		fault_start();
	raw_start();
	shim_debug("recording to ", shim.options.output);
}
