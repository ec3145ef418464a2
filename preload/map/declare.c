/* SPDX-License-Identifier: Apache-2.0 */
#include "map/declare.h"
#include "map/map.h"

#define ROOM_FOR_OBJECT 80 /* records: one, and a name of 4 KiB and more */

/*
 * Each segment says of itself what its areas show, and nothing else: a program that maps a
 * million files, or as many pieces of shared memory, one after the other, must not fill
 * segments with those that are gone. Return: false when there is no room.
 */
static bool declare(struct ledger_writer *writer, uint32_t id)
{
	struct vm_object *object = vm_objects_get(&map.space.objects, id);

	if (object == NULL || object->declared == writer->lap_number)
		return true;
	if (!writer->in_checkpoint && !ledger_writer_room(writer, ROOM_FOR_OBJECT))
		return false;
	if (object->declared == writer->lap_number)
		return true; /* by the checkpoint of a segment that has just begun */
	object->declared = writer->lap_number;
	ledger_writer_object(writer, id, object);
	return true;
}

void declare_set(struct ledger_writer *writer)
{
	struct memory_set_iter iter = memory_set_iter_from_start(map.space.set, MEMORY_SET_ALL);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (!declare(writer, (uint32_t)area->tag[VM_TAG_OBJECT]))
			return;
}

void declare_forget(void)
{
	for (uint32_t id = 1; id <= map.space.objects.count; id++)
		vm_objects_get(&map.space.objects, id)->declared = 0;
}

#define DECLARE_TRIES 3

/* Making room may begin a segment, which knows only what is in the set so far. */
bool declare_areas(struct ledger_writer *writer, const struct memory_area *areas, uint32_t n)
{
	uint64_t lap;
	unsigned tries = 0;

	do {
		lap = writer->lap_number;
		for (uint32_t i = 0; i < n; i++)
			if (!declare(writer, (uint32_t)areas[i].tag[VM_TAG_OBJECT]))
				return false;
		if (!ledger_writer_room(writer, n + 1))
			return false;
	} while (lap != writer->lap_number && ++tries < DECLARE_TRIES);
	return true;
}
