/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Demos of memory that becomes executable
 */

#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include "demo/demo.h"

#if defined(__x86_64__)
static const unsigned char answer[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42, %eax; ret */
#elif defined(__aarch64__)
static const unsigned char answer[] = { 0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#endif

NOINLINE static int jit_run(void *code)
{
	return ((int (*)(void))(uintptr_t)code)();
}

/* Writable and executable at once: refused where SELinux, PaX or MDWE rule. */
NOINLINE static void *jit_patch(void)
{
	void *code = mmap(NULL, 2 * PAGE, RW | PROT_EXEC, ANON, -1, 0);

	demo_need(code != MAP_FAILED, "mmap");
	memcpy(code, answer, sizeof(answer));
	__builtin___clear_cache(code, (char *)code + sizeof(answer));
	return code;
}

/* Never both at once, as runtimes do that take care. */
NOINLINE static void *jit_seal(void)
{
	void *code = mmap(NULL, PAGE, RW, ANON, -1, 0);

	demo_need(code != MAP_FAILED, "mmap");
	memcpy(code, answer, sizeof(answer));
	__builtin___clear_cache(code, (char *)code + sizeof(answer));
	demo_need(mprotect(code, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
	return code;
}

int demo_write_then_execute(void)
{
	return jit_run(jit_patch()) + jit_run(jit_seal()) == 84 ? 0 : 2;
}

/* ------------------------------------------------------------------- execstack */

NOINLINE static void *plugin_load(const char *path)
{
	return dlopen(path, RTLD_NOW);
}

/* The library lies beside the program; it was linked with -z execstack. */
int demo_execstack(void)
{
	char self[PATH_MAX], path[PATH_MAX + 32];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	void *plugin;

	demo_need(len > 0, "/proc/self/exe");
	self[len] = '\0';
	snprintf(path, sizeof(path), "%s/libmapledger-demo-execstack.so", dirname(self));
	plugin = plugin_load(path);
	if (plugin == NULL) {
		/* From glibc 2.41 on, dlopen refuses such libraries. */
		fprintf(stderr, "%s\n", dlerror());
		return DEMO_SKIP;
	}
	dlclose(plugin); /* the stack stays as it is */
	return 0;
}
