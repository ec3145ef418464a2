/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_writer.h"
#include "shim/shim.h"
#include "stacks/stack_table.h"

static_assert((int)UNWIND_END_OUTERMOST == (int)LEDGER_STACK_OUTERMOST, "one numbering");
static_assert((int)UNWIND_END_DEPTH == (int)LEDGER_STACK_DEPTH, "one numbering");
static_assert((int)UNWIND_END_NO_RULE == (int)LEDGER_STACK_NO_RULE, "one numbering");
static_assert((int)UNWIND_END_COMPLEX == (int)LEDGER_STACK_COMPLEX, "one numbering");
static_assert((int)UNWIND_END_MEMORY == (int)LEDGER_STACK_MEMORY, "one numbering");
static_assert((int)UNWIND_END_BUSY == (int)LEDGER_STACK_BUSY, "one numbering");
static_assert(UNWIND_FRAMES_MAX == LEDGER_STACK_FRAMES_MAX, "one limit");

/*
 * @in_ledger: which ledger of this process, and which segment of it, has the stack
 */
struct stack_entry {
	uint64_t hash;
	uint64_t in_ledger;
	uint64_t exact;
	uint64_t guessed;
	uint32_t id;
	uint8_t n_frames;
	uint8_t end;
	uint64_t frames[];
};

#define ENTRY_WORDS (sizeof(struct stack_entry) / sizeof(uint64_t))
#define TABLE_WORDS (256u << 10) /* 2 MiB: 12,000 stacks of 16 frames */
#define INDEX_FIRST 512u	 /* places; they double as they fill up */
#define INDEX_MAX   (32u << 10)

/* Pages that are not used cost nothing. When the table is full it begins anew. */
static uint64_t table[TABLE_WORDS];
static uint32_t table_used;	     /* words */
static uint32_t place_of[INDEX_MAX]; /* 1 + word in the table; 0: free */
static uint32_t index_size = INDEX_FIRST;
static uint32_t n_entries;
static uint32_t n_ids; /* given away so far */
static uint32_t ledger_number;

static struct stack_entry *entry_at(uint32_t word)
{
	return (struct stack_entry *)&table[word];
}

static void begin_table_anew(void)
{
	memset(place_of, 0, sizeof(place_of));
	table_used = 0;
	n_entries = 0;
}

static uint32_t first_place(uint64_t hash)
{
	return (uint32_t)(hash >> 32) & (index_size - 1);
}

static uint32_t next_place(uint32_t place)
{
	return (place + 1) & (index_size - 1);
}

static uint32_t free_place(uint64_t hash)
{
	uint32_t place = first_place(hash);

	while (place_of[place] != 0)
		place = next_place(place);
	return place;
}

static void grow_index(void)
{
	memset(place_of, 0, index_size * sizeof(place_of[0]));
	index_size *= 2;
	for (uint32_t word = 0; word < table_used;) {
		const struct stack_entry *entry = entry_at(word);

		place_of[free_place(entry->hash)] = word + 1;
		word += (uint32_t)ENTRY_WORDS + entry->n_frames;
	}
}

/* Room for one more. */
static void make_room(void)
{
	if (table_used + ENTRY_WORDS + UNWIND_FRAMES_MAX > TABLE_WORDS)
		begin_table_anew();
	if (n_entries < index_size / 4 * 3)
		return;
	if (index_size < INDEX_MAX)
		grow_index();
	else
		begin_table_anew();
}

void stack_table_new_ledger(void)
{
	ledger_number++;
}

static uint64_t hash_of(const struct unwind_trace *trace)
{
	return trace->hash ^ ((uint64_t)trace->end << 8 | trace->n) ^ trace->exact << 20;
}

/* Frames beyond the last have no bits. */
static uint64_t bits_of(uint64_t bits, unsigned n)
{
	return n < 64 ? bits & ((1ULL << n) - 1) : bits;
}

static bool is_stack(const struct stack_entry *entry, const struct unwind_trace *trace,
		     uint64_t hash)
{
	if (entry->hash != hash || entry->n_frames != trace->n || entry->end != trace->end ||
	    entry->exact != bits_of(trace->exact, trace->n) ||
	    entry->guessed != bits_of(trace->guessed, trace->n))
		return false;
	for (unsigned i = 0; i < trace->n; i++)
		if (entry->frames[i] != trace->frames[i])
			return false;
	return true;
}

/* Found by others only when the last store has been made: whoever jumps out before has done
 * nothing. */
static struct stack_entry *add(const struct unwind_trace *trace, uint64_t hash)
{
	struct stack_entry *entry = entry_at(table_used);

	entry->hash = hash;
	entry->in_ledger = 0;
	entry->exact = bits_of(trace->exact, trace->n);
	entry->guessed = bits_of(trace->guessed, trace->n);
	entry->n_frames = trace->n;
	entry->end = trace->end;
	for (unsigned i = 0; i < trace->n; i++)
		entry->frames[i] = trace->frames[i];
	entry->id = ++n_ids;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*(volatile uint32_t *)&place_of[free_place(hash)] = table_used + 1;
	table_used += (uint32_t)ENTRY_WORDS + trace->n;
	n_entries++;
	return entry;
}

struct stack_entry *stack_table_find(const struct unwind_trace *trace)
{
	uint64_t hash = hash_of(trace);
	uint32_t place;

	if (trace->n == 0)
		return NULL;
	for (place = first_place(hash); place_of[place] != 0; place = next_place(place)) {
		struct stack_entry *entry = entry_at(place_of[place] - 1);

		if (is_stack(entry, trace, hash))
			return entry;
	}
	make_room();
	return add(trace, hash);
}

uint32_t stack_table_records(const struct stack_entry *entry)
{
	return entry == NULL ? 0 : ledger_trace_records(entry->n_frames);
}

uint32_t stack_table_write(struct ledger_writer *writer, struct stack_entry *entry)
{
	struct ledger_trace trace;
	uint64_t here;

	if (entry == NULL)
		return 0;
	here = ((uint64_t)ledger_number << 32 | (uint32_t)writer->lap_number) + 1;
	if (likely(entry->in_ledger == here))
		return entry->id;
	trace = (struct ledger_trace){
		.id = entry->id,
		.end = entry->end,
		.n_frames = entry->n_frames,
		.exact = entry->exact,
		.guessed = entry->guessed,
		.frames = entry->frames,
	};
	ledger_writer_stack(writer, &trace);
	entry->in_ledger = here;
	return entry->id;
}
