/* SPDX-License-Identifier: Apache-2.0 */

/* Tests names of places in files, against functions of this program whose lines are known. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "subject.h"
#include "symbolize/demangle.h"
#include "symbolize/short_name.h"
#include "symbolize/symbolize.h"

/* Of this program: which file, and which offset in it, an address is. */
struct where {
	char path[512];
	struct vm_object object;
	uint64_t offset;
};

static void find(const void *address, struct where *where)
{
	uint64_t wanted = (uintptr_t)address;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[1024];

	*where = (struct where){ 0 };
	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long start, end, offset;
		int at = 0;

		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %n", &start, &end, &offset, &at) < 3 ||
		    wanted < start || wanted >= end)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(where->path, sizeof(where->path), "%s", line + at);
		where->offset = offset + wanted - start;
	}
	fclose(maps);
	where->object = (struct vm_object){ .dev = 1, .ino = 1, .name = where->path };
	where->object.name_len = (uint16_t)strlen(where->path);
	cr_assert_gt(where->object.name_len, 0, "the address is in no file");
}

static void assert_frame(const struct symbol_frame *frame, const char *function, unsigned line,
			 bool inlined)
{
	cr_assert_str_eq(frame->function, function);
	cr_assert_not_null(frame->file);
	cr_assert_str_eq(strrchr(frame->file, '/') + 1, "subject.c");
	cr_assert_eq(frame->line, line, "%s: line %u, not %u", function, frame->line, line);
	cr_assert_eq(frame->inlined, inlined);
}

Test(symbolize, an_address_has_a_function_a_line_and_what_is_inlined_there)
{
	struct symbolizer *symbolizer = symbolizer_create(NULL);
	const struct symbol *symbol;
	struct where where;
	size_t at = 0;

	find(subject_label, &where);
	symbol = symbolizer_find(symbolizer, &where.object, where.offset);
	cr_assert_not_null(symbol);
	cr_assert_null(symbolizer_problem(symbolizer, &at));
	cr_assert_str_eq(symbol->module, strrchr(where.path, '/') + 1);
	cr_assert_eq(symbol->n_frames, 3);
	assert_frame(&symbol->frames[0], "subject_inner", SUBJECT_LABEL_LINE, true);
	assert_frame(&symbol->frames[1], "subject_middle", SUBJECT_INNER_LINE, true);
	assert_frame(&symbol->frames[2], "subject_outer", SUBJECT_MIDDLE_LINE, false);
	cr_assert_eq(symbolizer_find(symbolizer, &where.object, where.offset), symbol,
		     "asked again, the same answer");
	symbolizer_destroy(symbolizer);
}

Test(symbolize, a_library_without_debug_information_has_its_exported_names)
{
	struct symbolizer *symbolizer = symbolizer_create(NULL);
	const struct symbol *symbol;
	struct where where;

	find((const void *)(uintptr_t)&qsort, &where);
	symbol = symbolizer_find(symbolizer, &where.object, where.offset);
	cr_assert_not_null(symbol);
	cr_assert_geq(symbol->n_frames, 1);
	cr_assert_not_null(strstr(symbol->frames[symbol->n_frames - 1].function, "qsort"));
	symbolizer_destroy(symbolizer);
}

Test(symbolize, another_build_id_gives_no_names_and_a_reason)
{
	struct symbolizer *symbolizer = symbolizer_create(NULL);
	const struct symbol *symbol;
	struct where where;
	size_t at = 0;

	find(subject_label, &where);
	where.object.build_id_len = 20;
	memset(where.object.build_id, 0xab, 20);
	symbol = symbolizer_find(symbolizer, &where.object, where.offset);
	cr_assert_not_null(symbol);
	cr_assert_eq(symbol->n_frames, 0);
	cr_assert_eq(symbol->address, where.offset);
	cr_assert_not_null(strstr(symbolizer_problem(symbolizer, &at), "another build-id"));
	cr_assert_null(symbolizer_problem(symbolizer, &at));
	symbolizer_destroy(symbolizer);
}

Test(symbolize, files_that_are_not_there_or_no_programs_give_a_reason)
{
	struct symbolizer *symbolizer = symbolizer_create(NULL);
	struct vm_object missing = { .ino = 1, .name = "/nonexistent/libx.so", .name_len = 20 };
	struct vm_object text = { .ino = 2, .name = "/etc/passwd", .name_len = 11 };
	struct vm_object vdso = { .name = "[vdso]", .name_len = 6 };
	size_t at = 0;

	cr_assert_str_eq(symbolizer_find(symbolizer, &missing, 0x1234)->module, "libx.so");
	cr_assert_eq(symbolizer_find(symbolizer, &text, 0x10)->n_frames, 0);
	cr_assert_str_eq(symbolizer_find(symbolizer, &vdso, 0x10)->module, "[vdso]");
	cr_assert_not_null(strstr(symbolizer_problem(symbolizer, &at), "No such file"));
	cr_assert_not_null(strstr(symbolizer_problem(symbolizer, &at), "no ELF file"));
	cr_assert_null(symbolizer_problem(symbolizer, &at));
	symbolizer_destroy(symbolizer);
}

Test(symbolize, the_files_of_another_machine_are_below_a_folder)
{
	struct symbolizer *symbolizer = symbolizer_create("/proc/self/root");
	struct where where;

	find(subject_label, &where);
	cr_assert_eq(symbolizer_find(symbolizer, &where.object, where.offset)->n_frames, 3);
	symbolizer_destroy(symbolizer);
}

Test(symbolize, a_symbol_has_a_place_and_a_size)
{
	struct symbolizer *symbolizer = symbolizer_create(NULL);
	uint64_t address, expected, size;
	struct where where;

	find(subject_data, &where);
	cr_assert(symbolizer_find_name(symbolizer, &where.object, "subject_data", &address, &size));
	cr_assert(symbolizer_address(symbolizer, &where.object, where.offset, &expected));
	cr_assert_eq(address, expected);
	cr_assert_eq(size, sizeof(subject_data));
	cr_assert_not(
		symbolizer_find_name(symbolizer, &where.object, "no_such_symbol", &address, &size));
	cr_assert_gt(subject_outer(3), 0);
	symbolizer_destroy(symbolizer);
}

struct name_case {
	char name[160];
	char expected[120];
};

static const struct name_case short_names[] = {
	{ "main", "main" },
	{ "ns::f(int, char const*)", "ns::f" },
	{ "std::vector<int, std::allocator<int> >::push_back(int&&)",
	  "std::vector<...>::push_back" },
	{ "void sort<int*>(int*, int*)", "sort<...>" },
	{ "(anonymous namespace)::Pool::grow(unsigned long)", "Pool::grow" },
	{ "Functor::operator()(int) const", "Functor::operator()" },
	{ "std::ostream& operator<< <char>(std::ostream&, char)", "operator<< <...>" },
	{ "operator new(unsigned long)", "operator new" },
	{ "std::__detail::_MakeUniq<pool::Arena<int> >::__single_object "
	  "std::make_unique<pool::Arena<int>, int>(int&&)",
	  "std::make_unique<...>" },
	{ "main::{lambda(int)#1}::operator()(int) const", "main::{lambda(int)#1}::operator()" },
	{ "<alloc::vec::Vec<T> as core::clone::Clone>::clone",
	  "<alloc::vec::Vec<T> as core::clone::Clone>::clone" },
	{ "core::ptr::drop_in_place<alloc::string::String>", "core::ptr::drop_in_place<...>" },
};

Test(symbolize, names_are_shortened_to_what_identifies_a_function)
{
	for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++) {
		char buffer[120];

		symbol_short_name(short_names[i].name, buffer, sizeof(buffer));
		cr_expect_str_eq(buffer, short_names[i].expected, "%s", short_names[i].name);
	}
}

static const struct name_case mangled[] = {
	{ "_ZN4Pool4growEm", "Pool::grow(unsigned long)" },
	{ "_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start$LT$$LP$$RP$$GT$..$u7b$$u7b$closure$"
	  "u7d$$u7d"
	  "$GT$17h0123456789abcdefE",
	  "core::ptr::drop_in_place<std::rt::lang_start<()>::{{closure}}>" },
	{ "main", "" },
	{ "_Znonsense", "" },
};

Test(symbolize, cxx_and_rust_names_are_demangled)
{
	for (size_t i = 0; i < 2; i++) {
		char *name = demangle(mangled[i].name);

		if (name == NULL)
			cr_skip_test("there is no libstdc++");
		cr_expect_str_eq(name, mangled[i].expected);
		free(name);
	}
	for (size_t i = 2; i < sizeof(mangled) / sizeof(mangled[0]); i++)
		cr_expect_null(demangle(mangled[i].name), "%s", mangled[i].name);
}

/* Rust's newer mangling is read by libiberty only; without it names stay as they are. */
Test(symbolize, newer_rust_names_are_demangled_where_libiberty_is)
{
	char *name = demangle("_RNvMs4_NtCslNYArtu3iFV_5alloc7raw_vecNtB5_11RawVecInner15try_"
			      "allocate_inCsduwmD7cSIQq_5gimli");

	if (name == NULL)
		cr_skip_test("built without libiberty");
	cr_assert_str_eq(name, "<alloc::raw_vec::RawVecInner>::try_allocate_in");
}

Test(symbolize, a_long_name_is_cut)
{
	char buffer[8];

	symbol_short_name("a_very_long_name_indeed", buffer, sizeof(buffer));
	cr_assert_str_eq(buffer, "a_very_");
}
