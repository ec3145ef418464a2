/* SPDX-License-Identifier: Apache-2.0 */

/* Tests the table of objects (files and the like) that areas show. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vma/vm_object.h"

static struct vm_objects objects;

static void begin(void)
{
	vm_objects_init(&objects, &ml_allocator_malloc);
}

static void end(void)
{
	vm_objects_finish(&objects);
	vm_objects_finish(&objects);
}

TestSuite(objects, .init = begin, .fini = end);

static uint32_t intern(uint64_t dev, uint64_t ino, const char *name)
{
	const struct vm_object object = {
		.dev = dev,
		.ino = ino,
		.name = name,
		.name_len = (uint16_t)strlen(name),
	};

	return vm_objects_intern(&objects, &object);
}

Test(objects, files_are_known_by_device_and_inode)
{
	cr_assert_eq(intern(1, 7, "/a"), 1);
	cr_assert_eq(intern(2, 7, "/a"), 2);
	cr_assert_eq(intern(1, 8, "/a"), 3);
	cr_assert_eq(intern(1, 7, "/renamed (deleted)"), 1);
	cr_assert_str_eq(vm_objects_get(&objects, 1)->name, "/a", "the name is the first one seen");
}

Test(objects, others_are_known_by_name)
{
	cr_assert_eq(intern(0, 0, "[vdso]"), 1);
	cr_assert_eq(intern(0, 0, "[vvar]"), 2);
	cr_assert_eq(intern(0, 0, "[vdso]"), 1);
	cr_assert_eq(intern(0, 0, "[vdso"), 3);
}

Test(objects, ids_out_of_the_table_are_none)
{
	cr_assert_null(vm_objects_get(&objects, 0));
	cr_assert_null(vm_objects_get(&objects, 1));
	intern(1, 1, "");
	cr_assert_str_eq(vm_objects_get(&objects, 1)->name, "");
	cr_assert_null(vm_objects_get(&objects, 2));
	cr_assert_null(vm_objects_get(&objects, UINT32_MAX));
}

Test(objects, names_may_hold_anything_and_be_long)
{
	char *name = malloc(UINT16_MAX);
	struct vm_object object = { .ino = 1, .name = name, .name_len = UINT16_MAX };

	memset(name, '\n', UINT16_MAX);
	cr_assert_eq(vm_objects_intern(&objects, &object), 1);
	memset(name, 'x', UINT16_MAX);
	cr_assert_eq(vm_objects_get(&objects, 1)->name[UINT16_MAX - 1], '\n');
	cr_assert_eq(vm_objects_get(&objects, 1)->name[UINT16_MAX], '\0');
	free(name);
}

Test(objects, ids_stay_while_the_table_grows)
{
	char name[32];

	for (uint32_t i = 1; i <= 20000; i++) {
		snprintf(name, sizeof(name), "/file/%u", i);
		cr_assert_eq(intern(i % 3, i % 5 == 0 ? 0 : i, name), i);
	}
	for (uint32_t i = 1; i <= 20000; i++) {
		snprintf(name, sizeof(name), "/file/%u", i);
		cr_assert_eq(intern(i % 3, i % 5 == 0 ? 0 : i, name), i);
		cr_assert_str_eq(vm_objects_get(&objects, i)->name, name);
	}
}

/* Fails every third time, and counts what is out. */
struct stingy {
	struct ml_allocator allocator;
	unsigned n;
	size_t out;
};

static void *stingy_alloc(void *context, size_t size)
{
	struct stingy *stingy = context;

	if (stingy->n++ % 3 == 0)
		return NULL;
	stingy->out += size;
	return malloc(size);
}

static void stingy_free(void *context, void *memory, size_t size)
{
	struct stingy *stingy = context;

	stingy->out -= size;
	free(memory);
}

Test(objects, without_memory_there_is_no_id_and_nothing_is_lost)
{
	struct stingy stingy = { { stingy_alloc, stingy_free, &stingy }, 0, 0 };
	struct vm_objects few;
	uint32_t id;

	vm_objects_init(&few, &stingy.allocator);
	for (uint32_t i = 1; i <= 1000; i++) {
		const struct vm_object object = { .ino = i, .name = "/name", .name_len = 5 };

		do {
			id = vm_objects_intern(&few, &object);
		} while (id == 0);
		cr_assert_eq(id, i);
	}
	vm_objects_finish(&few);
	cr_assert_eq(stingy.out, 0);
}
