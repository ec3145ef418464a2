/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The list of libraries that are known by their names
 */

#include "base/text.h"
#include "vma/vm_module.h"

#define TRUSTED VM_MODULE_TRUSTED
#define LIBC	VM_MODULE_LIBC
#define RUNTIME VM_MODULE_RUNTIME
#define QUIET	VM_MODULE_QUIET

/*
 * How the last part of a name begins. A name may begin as several rows do: then it is in the
 * classes of all of them.
 *
 * musl's libc is "libc.so" or "ld-musl-x86_64.so.1", glibc's before 2.34 "libc-2.31.so". To the
 * audit a sanitizer is a module like any other, and owns what it maps.
 */
static const struct {
	char begins[16];
	unsigned classes;
} modules[] = {
	{ "libc.so.", TRUSTED },
	{ "libc.so", LIBC | QUIET },
	{ "libc-2.", TRUSTED | LIBC | QUIET },
	{ "ld-linux", TRUSTED | LIBC | QUIET },
	{ "ld-2.", TRUSTED | LIBC | QUIET },
	{ "ld64.so", LIBC | QUIET }, /* of 64-bit PowerPC and s390 */
	{ "ld-musl", LIBC | QUIET },
	{ "libpthread-2.", TRUSTED },
	{ "libpthread", LIBC | QUIET },
	{ "libdl.so", LIBC | QUIET },
	{ "libdl-2.", LIBC | QUIET },
	{ "librt.so", LIBC | QUIET },
	{ "librt-2.", LIBC | QUIET },
	{ "libstdc++", RUNTIME | QUIET },
	{ "libc++", RUNTIME | QUIET },
	{ "libgcc_s", RUNTIME | QUIET },
	{ "libjemalloc", RUNTIME | QUIET },
	{ "libtcmalloc", RUNTIME | QUIET },
	{ "libmimalloc", RUNTIME | QUIET },
	{ "libtbbmalloc", RUNTIME },
	{ "libhoard", RUNTIME },
	{ "libmapledger", RUNTIME },
	{ "libasan.so", QUIET },
	{ "libtsan.so", QUIET },
	{ "liblsan.so", QUIET },
	{ "libubsan", QUIET },
	{ "libclang_rt.", QUIET },
};

bool vm_module_is(const char *path, unsigned classes)
{
	const char *base = path;

	for (const char *c = path; *c != '\0'; c++)
		if (*c == '/')
			base = c + 1;
	for (unsigned i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if ((modules[i].classes & classes) && text_begins_with(base, modules[i].begins))
			return true;
	return false;
}
