/* SPDX-License-Identifier: Apache-2.0 */

/*
 * print_stacks LEDGER - the stack of every call, for tests to compare
 *
 *     42 mprotect 1234 7f3a5000 outermost 5577f0 5577e8! 7f3a12?
 *
 * Event, operation, thread, address (mmap's result), why the stack ends, and its frames as
 * hexadecimal addresses: `!' marks one that was interrupted, `?' one that was guessed. Behind each
 * frame in code of a file stands "=path+offset". A call without a stack says "-".
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "ledger/replay.h"

static const char *const ends[] = { "unknown", "outermost", "depth", "no_rule",
				    "complex", "memory",    "busy" };

static void print_place(const struct replay *replay, uint64_t pc)
{
	const struct memory_area *area = memory_set_find(replay->space.set, pc);
	const struct vm_object *object =
		area == NULL ? NULL
			     : vm_objects_get(&replay->space.objects,
					      (uint32_t)area->tag[VM_TAG_OBJECT]);

	if (object != NULL)
		printf("=%s+%" PRIx64, object->name, memory_area_offset_at(area, pc));
}

static void print_stack(const struct replay *replay, const struct ledger_trace *trace)
{
	printf(" %s", trace->end < sizeof(ends) / sizeof(ends[0]) ? ends[trace->end] : "?");
	for (unsigned i = 0; i < trace->n_frames; i++) {
		printf(" %" PRIx64 "%s%s", trace->frames[i], trace->exact >> i & 1 ? "!" : "",
		       trace->guessed >> i & 1 ? "?" : "");
		print_place(replay, ledger_trace_pc(trace, i));
	}
}

static void print_call(const struct replay *replay, const struct vm_call *call)
{
	struct ledger_trace trace;

	uint64_t addr = call->op == VM_OP_MMAP ? (uint64_t)call->result : call->args[0];

	printf("%" PRIu64 " %s %u %" PRIx64, call->event, vm_op_info(call->op)->name, call->tid,
	       addr);
	if (ledger_stacks_find(&replay->stacks, call->stack, &trace))
		print_stack(replay, &trace);
	else
		printf(" -");
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct ledger_problem problem;
	struct ledger_reader *reader;
	struct ledger_entry entry;
	struct replay replay;

	if (argc != 2) {
		fprintf(stderr, "usage: print_stacks LEDGER\n");
		return 2;
	}
	reader = ledger_reader_open(argv[1], &problem);
	if (reader == NULL) {
		fprintf(stderr, "print_stacks: %s: %s\n", argv[1], problem.text);
		return 2;
	}
	if (replay_init(&replay, reader) < 0)
		return 2;
	while (replay_step(&replay, &entry) > 0)
		if (entry.kind == LEDGER_CALL && entry.finished)
			print_call(&replay, &entry.call);
	replay_finish(&replay);
	ledger_reader_close(reader);
	return 0;
}
