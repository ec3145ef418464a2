/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of mapped files and other objects, found by device and inode or by name
 */

#include <string.h>
#include "vma/vm_object.h"

#define FIRST_CAPACITY 64u
#define NAME_BLOCK     (16u << 10)

/* Heads a block of names. */
struct name_block {
	struct name_block *before;
	size_t size;
};

void vm_objects_init(struct vm_objects *objects, const struct ml_allocator *allocator)
{
	*objects = (struct vm_objects){ .allocator = allocator };
}

static void release(const struct vm_objects *objects, void *memory, size_t size)
{
	if (memory != NULL)
		objects->allocator->free(objects->allocator->context, memory, size);
}

static void *get(const struct vm_objects *objects, size_t size)
{
	return objects->allocator->alloc(objects->allocator->context, size);
}

void vm_objects_finish(struct vm_objects *objects)
{
	struct name_block *block = (struct name_block *)(void *)objects->names;

	while (block != NULL) {
		struct name_block *before = block->before;

		release(objects, block, block->size);
		block = before;
	}
	release(objects, objects->table, objects->capacity * sizeof(objects->table[0]));
	release(objects, objects->hash, objects->hash_size * sizeof(objects->hash[0]));
	vm_objects_init(objects, objects->allocator);
}

/* -------------------------------------------------------------------- hashing */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	return x;
}

static uint64_t hash_name(const char *name, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)name[i]) * 0x100000001b3ULL;
	return mix(sum);
}

static uint64_t hash_object(const struct vm_object *object)
{
	if (object->ino != 0)
		return mix(mix(object->dev) + object->ino);
	return hash_name(object->name, object->name_len);
}

static bool same_object(const struct vm_object *a, const struct vm_object *b)
{
	if (a->ino != b->ino)
		return false;
	if (a->ino != 0)
		return a->dev == b->dev;
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* The slot that holds the object, or the free one where it belongs. */
static uint32_t *find_slot(const struct vm_objects *objects, const struct vm_object *object)
{
	uint32_t mask = objects->hash_size - 1;
	uint32_t i = (uint32_t)hash_object(object) & mask;

	while (objects->hash[i] != 0 && !same_object(&objects->table[objects->hash[i] - 1], object))
		i = (i + 1) & mask;
	return &objects->hash[i];
}

/* -------------------------------------------------------------------- growing */

static void rehash(struct vm_objects *objects)
{
	memset(objects->hash, 0, objects->hash_size * sizeof(objects->hash[0]));
	for (uint32_t id = 1; id <= objects->count; id++)
		*find_slot(objects, &objects->table[id - 1]) = id;
}

/* The hash is kept at most half full. */
static bool grow(struct vm_objects *objects)
{
	uint32_t capacity = objects->capacity == 0 ? FIRST_CAPACITY : objects->capacity * 2;
	struct vm_object *table;
	uint32_t *hash;

	if (capacity > UINT32_MAX / 4)
		return false;
	table = get(objects, capacity * sizeof(table[0]));
	hash = get(objects, 2 * capacity * sizeof(hash[0]));
	if (table == NULL || hash == NULL) {
		release(objects, table, capacity * sizeof(table[0]));
		release(objects, hash, 2 * capacity * sizeof(hash[0]));
		return false;
	}
	if (objects->count > 0)
		memcpy(table, objects->table, objects->count * sizeof(table[0]));
	release(objects, objects->table, objects->capacity * sizeof(table[0]));
	release(objects, objects->hash, objects->hash_size * sizeof(hash[0]));
	objects->table = table;
	objects->capacity = capacity;
	objects->hash = hash;
	objects->hash_size = 2 * capacity;
	rehash(objects);
	return true;
}

static bool add_name_block(struct vm_objects *objects, size_t room)
{
	size_t size = room + sizeof(struct name_block);
	struct name_block *block;

	if (size < NAME_BLOCK)
		size = NAME_BLOCK;
	block = get(objects, size);
	if (block == NULL)
		return false;
	block->before = (struct name_block *)(void *)objects->names;
	block->size = size;
	objects->names = (char *)block;
	objects->names_used = sizeof(*block);
	objects->names_size = size;
	return true;
}

/* A terminated copy that stays until the end, or NULL. */
static const char *keep_name(struct vm_objects *objects, const char *name, size_t len)
{
	char *copy;

	if (len == 0)
		return "";
	if (objects->names_size - objects->names_used < len + 1 &&
	    !add_name_block(objects, len + 1))
		return NULL;
	copy = objects->names + objects->names_used;
	memcpy(copy, name, len);
	copy[len] = '\0';
	objects->names_used += len + 1;
	return copy;
}

uint32_t vm_objects_intern(struct vm_objects *objects, const struct vm_object *object)
{
	struct vm_object *added;
	uint32_t *slot;
	const char *name;

	if (objects->hash_size != 0) {
		slot = find_slot(objects, object);
		if (*slot != 0)
			return *slot;
	}
	if (objects->count == objects->capacity && !grow(objects))
		return 0;
	name = keep_name(objects, object->name, object->name_len);
	if (name == NULL)
		return 0;
	added = &objects->table[objects->count];
	*added = *object;
	added->name = name;
	added->declared = 0;
	slot = find_slot(objects, added);
	*slot = ++objects->count;
	return *slot;
}

struct vm_object *vm_objects_get(const struct vm_objects *objects, uint32_t id)
{
	if (id == 0 || id > objects->count)
		return NULL;
	return &objects->table[id - 1];
}

void vm_object_learn_build_id(struct vm_object *object, const uint8_t *build_id, uint8_t len)
{
	if (object == NULL || object->build_id_len != 0 || len > sizeof(object->build_id))
		return;
	object->build_id_len = len;
	memcpy(object->build_id, build_id, len);
}
