/* SPDX-License-Identifier: Apache-2.0 */

/*
 * owner - who made a call
 *
 * malloc maps memory for somebody, and so does an allocator that sits on top of
 * it. So the owner is whoever called them: the first frame outside.
 */

#include <string.h>
#include "audit/owner.h"

/* How the last part of the name begins. */
static const char *const libc_names[] = { "libc.so",  "libc-2.",  "ld-linux",
					  "ld-2.",    "ld-musl",  "libpthread",
					  "libdl.so", "libdl-2.", "librt.so" };
static const char *const runtime_names[] = { "libstdc++.so", "libc++.so",   "libgcc_s.so",
					     "libjemalloc",  "libtcmalloc", "libmimalloc",
					     "libtbbmalloc", "libhoard",    "libmapledger" };

static bool begins_with_one(const char *name, const char *const words[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(name, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static const char *base_name(const struct vm_space *space, uint32_t object)
{
	const struct vm_object *found = vm_objects_get(&space->objects, object);
	const char *slash;

	if (found == NULL)
		return "";
	slash = strrchr(found->name, '/');
	return slash != NULL ? slash + 1 : found->name;
}

static bool is_libc(const struct vm_space *space, uint32_t object)
{
	return begins_with_one(base_name(space, object), libc_names,
			       sizeof(libc_names) / sizeof(libc_names[0]));
}

/* libc, the loader, the C++ library or an allocator */
static bool is_runtime(const struct vm_space *space, uint32_t object)
{
	return is_libc(space, object) ||
	       begins_with_one(base_name(space, object), runtime_names,
			       sizeof(runtime_names) / sizeof(runtime_names[0]));
}

static uint32_t object_at(const struct vm_space *space, uint64_t address)
{
	const struct memory_area *area = memory_set_find(space->set, address);

	return area != NULL ? (uint32_t)area->tag[VM_TAG_OBJECT] : 0;
}

struct owner owner_of_trace(const struct vm_space *space, const struct ledger_trace *trace)
{
	struct owner owner = { 0 };

	if (trace == NULL || trace->n_frames == 0)
		return owner;
	owner.internal = is_libc(space, object_at(space, ledger_trace_pc(trace, 0)));
	for (unsigned i = 0; i < trace->n_frames; i++) {
		uint64_t pc = ledger_trace_pc(trace, i);
		uint32_t object = object_at(space, pc);

		if (object != 0 && is_runtime(space, object))
			continue;
		owner.object = object;
		owner.site = pc;
		return owner;
	}
	/* libc all the way: a thread of its own, or the program's start. */
	owner.object = object_at(space, ledger_trace_pc(trace, 0));
	owner.site = ledger_trace_pc(trace, 0);
	return owner;
}
