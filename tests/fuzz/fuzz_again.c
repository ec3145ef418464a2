/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "fuzz_again.h"
#include "fuzz_memory.h"
#include "fuzz_run.h"
#include "vma/vm_apply.h"
#include "vma/vm_replace.h"
#include "vma/vm_call_format.h"

enum { ANSWERS_MAX = 6 * FUZZ_CALLS_MAX, AREAS_MAX = 40 * FUZZ_CALLS_MAX };

struct stored_answer {
	struct addr_range range;
	uint32_t reason;
	uint32_t n_areas;
	uint32_t first_area;
};

struct stored_call {
	struct vm_call call;
	uint32_t first_answer;
	uint32_t n_answers;
	uint64_t hash; /* of the set after it */
};

static struct stored_call calls[FUZZ_CALLS_MAX];
static struct stored_answer answers[ANSWERS_MAX];
static struct memory_area areas[AREAS_MAX];
static uint32_t n_calls, n_answers, n_areas;
static bool full; /* what comes now is not stored any more */
static uint64_t start_brk, brk_at_start;
static uint32_t personality_at_start;

uint64_t fuzz_again_hash(const struct memory_set *set)
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, MEMORY_SET_ALL);
	const struct memory_area *area;
	uint64_t sum = 0;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		const uint64_t words[] = { area->range.start, area->range.end, area->flags,
					   area->offset,      area->origin,    area->tag[0],
					   area->tag[1] };

		for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15ULL + (sum >> 29);
	}
	return sum;
}

void fuzz_again_begin(const struct vm_space *space)
{
	start_brk = space->start_brk;
	brk_at_start = space->brk;
	personality_at_start = space->personality;
}

void fuzz_again_answer(const struct readback *answer)
{
	full = full || n_answers == ANSWERS_MAX || n_areas + answer->n_areas > AREAS_MAX;
	if (full)
		return;
	memcpy(areas + n_areas, answer->areas, answer->n_areas * sizeof(areas[0]));
	answers[n_answers++] = (struct stored_answer){
		.range = answer->range,
		.reason = answer->reason,
		.n_areas = (uint32_t)answer->n_areas,
		.first_area = n_areas,
	};
	n_areas += (uint32_t)answer->n_areas;
	if (n_calls > 0)
		calls[n_calls - 1].n_answers++;
}

void fuzz_again_call(const struct vm_call *call)
{
	full = full || n_calls == FUZZ_CALLS_MAX;
	if (!full)
		calls[n_calls++] = (struct stored_call){ .call = *call, .first_answer = n_answers };
}

/* A call whose answers did not fit is none. */
void fuzz_again_result(const struct vm_space *space)
{
	if (!full)
		calls[n_calls - 1].hash = fuzz_again_hash(space->set);
}

static void put(struct vm_space *to, const struct stored_answer *answer)
{
	vm_space_reserve(to, answer->n_areas);
	vm_replace(to, answer->range, areas + answer->first_area, answer->n_areas,
		   vm_reason_source(answer->reason));
}

static void copy_objects(struct vm_space *to, const struct vm_space *from)
{
	for (uint32_t id = 1; id <= from->objects.count; id++)
		vm_objects_intern(&to->objects, vm_objects_get(&from->objects, id));
}

static bool fold(struct vm_space *space, const struct stored_call *stored, char *why, size_t size)
{
	struct vm_call call = stored->call;
	struct vm_doubts doubts;
	char line[512];
	struct text text;

	vm_apply(space, &call, &doubts);
	for (uint32_t i = 0; i < stored->n_answers; i++)
		put(space, &answers[stored->first_answer + i]);
	if (fuzz_again_hash(space->set) == stored->hash)
		return true;
	text_init(&text, line, sizeof(line));
	vm_call_format(&text, &call, true);
	snprintf(why, size, "folded again, the map is another one after %s", line);
	return false;
}

bool fuzz_again(const struct vm_space *space, uint64_t *n_folded, char *why, size_t size)
{
	uint32_t n = full && n_calls > 0 ? n_calls - 1 : n_calls;
	struct vm_space again;
	bool equal = true;

	if (vm_space_init(&again, &fuzz_allocator, NULL, NULL) != 0)
		return true;
	copy_objects(&again, space);
	again.start_brk = start_brk;
	again.brk = brk_at_start;
	again.personality = personality_at_start;
	put(&again, &answers[0]);
	for (uint32_t i = 0; i < n && equal; i++)
		equal = fold(&again, &calls[i], why, size);
	*n_folded += n;
	return equal;
}
