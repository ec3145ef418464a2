/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests which class a module is in, by its name.
 */

#include <criterion/criterion.h>
#include "vma/vm_module.h"

#define T VM_MODULE_TRUSTED
#define L VM_MODULE_LIBC
#define R VM_MODULE_RUNTIME
#define Q VM_MODULE_QUIET

struct module_case {
	char path[64];
	unsigned classes;
};

static const struct module_case cases[] = {
	{ "/usr/lib/x86_64-linux-gnu/libc.so.6", T | L | Q },
	{ "libc.so.6", T | L | Q },
	{ "/lib/libc-2.31.so", T | L | Q },
	{ "/lib64/ld-linux-x86-64.so.2", T | L | Q },
	{ "/lib/ld-2.31.so", T | L | Q },
	{ "/lib/libpthread-2.31.so", T | L | Q },
	{ "/lib/libpthread.so.0", L | Q },
	{ "/lib/libdl.so.2", L | Q },
	{ "/lib/libdl-2.31.so", L | Q },
	{ "/lib/librt-2.31.so", L | Q },
	{ "/lib/ld64.so.2", L | Q },
	{ "/lib/libc.so", L | Q },
	{ "/lib/ld-musl-x86_64.so.1", L | Q },
	{ "/usr/lib/libstdc++.so.6.0.30", R | Q },
	{ "/usr/lib/libc++.so.1", R | Q },
	{ "/usr/lib/libc++abi.so.1", R | Q },
	{ "/usr/lib/libgcc_s.so.1", R | Q },
	{ "/usr/lib/libjemalloc.so.2", R | Q },
	{ "/usr/lib/libtcmalloc_minimal.so.4", R | Q },
	{ "/usr/lib/libmimalloc.so.2", R | Q },
	{ "/usr/lib/libtbbmalloc.so.2", R },
	{ "/usr/lib/libhoard.so", R },
	{ "/usr/lib/mapledger/libmapledger.so", R },
	{ "/usr/lib/libasan.so.8", Q },
	{ "/usr/lib/libtsan.so.2", Q },
	{ "/usr/lib/liblsan.so.0", Q },
	{ "/usr/lib/libubsan.so.1", Q },
	{ "/usr/lib/libclang_rt.asan-x86_64.so", Q },
	/* Only the last part of the name counts. */
	{ "/opt/libc.so.6/app", 0 },
	{ "/usr/lib/libcrypto.so.3", 0 },
	{ "/usr/bin/ld", 0 },
	{ "/usr/lib/mylibc.so.6", 0 },
	{ "[vdso]", 0 },
	{ "", 0 },
};

Test(vm_module, a_name_is_in_its_classes_and_no_other)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned class = T; class <= Q; class <<= 1)
			cr_expect_eq(vm_module_is(cases[i].path, class),
				     (cases[i].classes & class) != 0, "%s, class 0x%x",
				     cases[i].path, class);
}

Test(vm_module, several_classes_are_asked_at_once)
{
	cr_assert(vm_module_is("libjemalloc.so.2", L | R));
	cr_assert(vm_module_is("ld-2.31.so", L | R));
	cr_assert_not(vm_module_is("libasan.so.8", T | L | R));
}
