/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_OBJECT_H
#define VMA_VM_OBJECT_H

/*
 * vm_object - what an area shows: a file, a shared memory object, a kernel page
 *
 * An object is known by (device, inode) as /proc/PID/maps prints them, or, when
 * the inode is 0, by its name ("[vdso]"). Everything else about a name is
 * advisory: files are renamed and unlinked while they are mapped.
 *
 * [heap], [stack] and [anon:...] are not objects: they are labels that the
 * kernel prints on plain anonymous memory. Such areas have object 0.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <memory_set/memory_set.h>

#define VM_BUILD_ID_MAX 20

/*
 * @dev:      major << 32 | minor
 * @ino:      0 for objects that are known by name
 * @size:     of the whole object in bytes where it matters (System V segments, rings of io_setup),
 *            else 0
 * @name:     as first seen, terminated, never NULL; may hold any byte but NUL
 * @build_id: of an ELF file; @build_id_len 0 when not known
 * @declared: for whoever writes a ledger: in which segment it was last said; 0: in none
 */
struct vm_object {
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	const char *name;
	uint16_t name_len;
	uint8_t build_id_len;
	uint8_t build_id[VM_BUILD_ID_MAX];
	uint64_t declared;
};

static inline uint64_t vm_dev(uint32_t major, uint32_t minor)
{
	return (uint64_t)major << 32 | minor;
}

/* Ids run from 1 and are never reused. Grows by doubling through @allocator. */
struct vm_objects {
	const struct ml_allocator *allocator;
	struct vm_object *table;
	uint32_t count; /* objects, so the highest id */
	uint32_t capacity;
	uint32_t *hash; /* ids by (dev, ino) or name */
	uint32_t hash_size;
	char *names; /* blocks that hold the names; the first word links to the block before */
	size_t names_used;
	size_t names_size;
};

void vm_objects_init(struct vm_objects *objects, const struct ml_allocator *allocator);
void vm_objects_finish(struct vm_objects *objects);

/**
 * vm_objects_intern() - the id of an object, added if it is new
 * @object: copied, the name too
 *
 * Return: an id, or 0 when memory is short.
 */
uint32_t vm_objects_intern(struct vm_objects *objects, const struct vm_object *object);

/* The object with this id, or NULL. Valid until the next intern. */
struct vm_object *vm_objects_get(const struct vm_objects *objects, uint32_t id);

/* The build-id of @object (NULL: nothing happens), unless one is known already; @len 0: none. */
void vm_object_learn_build_id(struct vm_object *object, const uint8_t *build_id, uint8_t len);

#endif
