/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The arguments of a call, laid out in the fields of its record and read from there
 *
 *     op                addr    len      arg      small 0    1          2
 *     mmap              addr    len      offset   prot       flags      fd
 *     munmap            addr    len
 *     mprotect          addr    len               prot
 *     pkey_mprotect     addr    len               prot       pkey
 *     mremap            addr    old_len  new_len  flags      new_addr   (high half)
 *     brk               addr
 *     shmat             addr                      shmid      flags
 *     shmdt             addr
 *     remap_file_pages  addr    len      pgoff    prot       flags
 *     madvise           addr    len               advice
 *     prctl             args 2  args 3   args 4   args 0     args 1
 *     execveat          args 1  args 2   args 3   args 0     args 4
 *     anything else     args 0  args 1   args 2   args 3     args 4     (high half)
 *
 * Part of the format. The small fields lose the upper halves of prot, flags and
 * advice, which the kernel refuses or ignores; fd, shmid and pkey are ints.
 */

#include "ledger/ledger_writer.h"

static inline void set_small(struct ledger_call *record, uint64_t a, uint64_t b, uint64_t c)
{
	record->small[0] = (uint32_t)a;
	record->small[1] = (uint32_t)b;
	record->small[2] = (uint32_t)c;
}

static inline void set_long(struct ledger_call *record, uint64_t addr, uint64_t len, uint64_t arg)
{
	record->addr = addr;
	record->len = len;
	record->arg = arg;
}

static void pack_other(const uint64_t *args, uint8_t op, struct ledger_call *record)
{
	switch (op) {
	case VM_OP_PKEY_MPROTECT:
		set_long(record, args[0], args[1], 0);
		set_small(record, args[2], args[3], 0);
		break;
	case VM_OP_MREMAP:
		set_long(record, args[0], args[1], args[2]);
		set_small(record, args[3], args[4], args[4] >> 32);
		break;
	case VM_OP_BRK:
	case VM_OP_SHMDT:
		set_long(record, args[0], 0, 0);
		set_small(record, 0, 0, 0);
		break;
	case VM_OP_SHMAT:
		set_long(record, args[1], 0, 0);
		set_small(record, args[0], args[2], 0);
		break;
	case VM_OP_REMAP_FILE_PAGES:
		set_long(record, args[0], args[1], args[3]);
		set_small(record, args[2], args[4], 0);
		break;
	case VM_OP_EXECVEAT:
		set_long(record, args[1], args[2], args[3]);
		set_small(record, args[0], args[4], 0);
		break;
	case VM_OP_PRCTL:
		set_long(record, args[2], args[3], args[4]);
		set_small(record, args[0], args[1], 0);
		break;
	default:
		set_long(record, args[0], args[1], args[2]);
		set_small(record, args[3], args[4], args[4] >> 32);
		break;
	}
}

/* Everything but the state and the result, which is zeroed. */
void ledger_pack_call(const struct vm_call *call, struct ledger_call *record)
{
	const uint64_t *args = call->args;

	record->kind = LEDGER_CALL;
	record->op = call->op;
	/* tier and flags in one store: bit fields would be read back twice */
	((struct ledger_any *)record)->byte3 = (uint8_t)((call->tier & 0xf) | call->flags << 4);
	record->tid = call->tid;
	record->ticks = call->ticks;
	record->result = 0;
	record->stack = call->stack;
	if (call->op == VM_OP_MMAP) {
		set_long(record, args[0], args[1], args[5]);
		set_small(record, args[2], args[3], args[4]);
	} else if (call->op == VM_OP_MUNMAP) {
		set_long(record, args[0], args[1], 0);
		set_small(record, 0, 0, 0);
	} else if (call->op == VM_OP_MPROTECT || call->op == VM_OP_MADVISE) {
		set_long(record, args[0], args[1], 0);
		set_small(record, args[2], 0, 0);
	} else {
		pack_other(args, call->op, record);
	}
}

static inline uint64_t join(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

static inline uint64_t as_int(uint32_t value)
{
	return (uint64_t)(int64_t)(int32_t)value;
}

static void unpack_args(const struct ledger_call *record, uint64_t *args)
{
	const uint32_t *small = record->small;

	args[0] = record->addr;
	args[1] = record->len;
	switch (record->op) {
	case VM_OP_MMAP:
		args[2] = small[0];
		args[3] = small[1];
		args[4] = as_int(small[2]);
		args[5] = record->arg;
		break;
	case VM_OP_MUNMAP:
	case VM_OP_BRK:
	case VM_OP_SHMDT:
		break;
	case VM_OP_MPROTECT:
	case VM_OP_MADVISE:
		args[2] = small[0];
		break;
	case VM_OP_PKEY_MPROTECT:
		args[2] = small[0];
		args[3] = as_int(small[1]);
		break;
	case VM_OP_SHMAT:
		args[0] = as_int(small[0]);
		args[1] = record->addr;
		args[2] = small[1];
		break;
	case VM_OP_REMAP_FILE_PAGES:
		args[2] = small[0];
		args[3] = record->arg;
		args[4] = small[1];
		break;
	case VM_OP_EXECVEAT:
		args[0] = as_int(small[0]);
		args[1] = record->addr;
		args[2] = record->len;
		args[3] = record->arg;
		args[4] = small[1];
		break;
	case VM_OP_PRCTL:
		args[0] = small[0];
		args[1] = small[1];
		args[2] = record->addr;
		args[3] = record->len;
		args[4] = record->arg;
		break;
	default: /* mremap too */
		args[2] = record->arg;
		args[3] = small[0];
		args[4] = join(small[1], small[2]);
		break;
	}
}

void ledger_unpack_call(const struct ledger_call *record, struct vm_call *call)
{
	*call = (struct vm_call){
		.op = record->op,
		.tier = record->tier,
		.flags = record->flags,
		.tid = record->tid,
		.ticks = record->ticks,
		.result = record->result,
		.stack = record->stack,
	};
	unpack_args(record, call->args);
}
