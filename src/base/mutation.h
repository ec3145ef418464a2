/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MUTATION_H
#define BASE_MUTATION_H

/*
 * mutation - known bugs, put back on purpose
 *
 * Shadow maps of other projects went wrong in ways that are documented. Each such
 * bug stands behind a switch beside the code that gets it right:
 *
 *     if (!ML_MUTATED(OFFSET_STAYS))
 *             tail->offset = memory_area_offset_at(area, addr);
 *
 * The switch is the constant 0: in the library and in the shim not one instruction
 * differs. tests/mutations compiles such a file again with one of them set, and
 * expects a test to fail; a test that can't is no proof.
 */

enum ml_mutation {
	MUTATION_NONE,

	/* the fold: what a call does to the map */
	MUTATION_OFFSET_STAYS,		    /* of the tail, when an area is split */
	MUTATION_MPROTECT_FAILURE_IGNORED,  /* what lies before the failure is changed all the same
					     */
	MUTATION_GROWSDOWN_LITERAL,	    /* PROT_GROWSDOWN changes just the given range */
	MUTATION_MUNMAP_ROUNDS_DOWN,	    /* the page that holds the last byte stays */
	MUTATION_FIXED_FAILURE_IGNORED,	    /* a failed MAP_FIXED leaves no hole */
	MUTATION_NOREPLACE_REPLACES,	    /* MAP_FIXED_NOREPLACE, refused, has made room */
	MUTATION_HINT_BELIEVED,		    /* a mapping is where the hint said */
	MUTATION_READ_IMPLIES_EXEC_IGNORED, /* of the personality */
	MUTATION_HEAP_PROT_RESET,	    /* a heap that grows is writable everywhere */
	MUTATION_BRK_SPARES_OTHERS,	    /* a heap that shrinks takes nothing but heap */
	MUTATION_GROWTH_IGNORED,	    /* mremap in place, to a larger size */
	MUTATION_SHRINK_STOPS_AT_GAP,	    /* mremap to a smaller size, over a gap, does nothing */
	MUTATION_DONTUNMAP_UNMAPS,	    /* MREMAP_DONTUNMAP is a plain move */
	MUTATION_HALF_A_MOVE_IGNORED,	    /* a move that failed: what arrived is taken as new */
	MUTATION_UNLOCK_ENDS_WITH_RANGE,    /* MREMAP_DONTUNMAP unlocks the old range, no more */
	MUTATION_DUPLICATE_IGNORED,	    /* mremap of old_len 0 makes no second mapping */
	MUTATION_MADVISE_STOPS_AT_GAP,	    /* advice over a gap has no effect behind it */
	MUTATION_SEAL_IGNORED,		    /* mseal leaves no trace */
	MUTATION_RING_IGNORED,		    /* io_setup maps nothing */
	MUTATION_SHMDT_TAKES_ONE,	    /* of the pieces of a segment, the first */
	MUTATION_COMPARE_IGNORES_PROT,	    /* the comparison itself */

	/* the recorder: order, doubt, children */
	MUTATION_LOCK_AFTER_CALL,	/* the call is made first, and then the lock is taken */
	MUTATION_LATE_CALLS_LOST,	/* a handler's call inside another is made, not recorded */
	MUTATION_TAKEN_CALL_FORGOTTEN,	/* whose lock was taken away will tell what became of its
					   call */
	MUTATION_LEFT_HOOK_UNNOTICED,	/* its owner jumped out of a handler: the lock is taken for
					   ever */
	MUTATION_RELEASE_DOES_NOT_WAKE, /* who waits for the lock */
	MUTATION_LOSS_UNNOTICED,     /* of the lock, which was taken away during the system call */
	MUTATION_TURN_READ_LATE,     /* a release between flag and turn leaves a sleeper asleep */
	MUTATION_SLOT_READ_EARLY,    /* a slot that is just being taken is taken for left */
	MUTATION_IDENTITY_NOT_ASKED, /* a file is what its descriptor says */
	MUTATION_FAILURE_NOT_ASKED,  /* a failed call is believed to have done nothing */
	MUTATION_BREAK_NOT_ASKED,    /* the break is where the last call that was seen has put it */
	MUTATION_OWN_MEMORY_FORGOTTEN, /* the shim's own mappings are not in the map */
	MUTATION_CHILD_HAS_ALL,	       /* of its parent's map, MADV_DONTFORK or not */
	MUTATION_VFORK_IS_FORK,	       /* a child that shares its parent's memory gets a ledger */
	MUTATION_THREAD_REUSED_UNNOTICED, /* a new thread is taken for one that has ended */

	/* the sites: which bytes of a program are overwritten */
	MUTATION_JUMP_INTO_MOV_IGNORED,	    /* the function jumps into what the jump takes */
	MUTATION_OPEN_FUNCTION_IS_CLOSED,   /* a switch or an exception leads to no short move */
	MUTATION_CALL_IS_COPIED,	    /* what is copied may be a call, a jump, a ret */
	MUTATION_UNREACHED_IS_CODE,	    /* nothing has to lead to a syscall */
	MUTATION_MIDDLE_IS_CODE,	    /* 0f 05 in a constant is a syscall */
	MUTATION_PREFIX_IGNORED,	    /* `mov $NR, %r8d' is `mov $NR, %eax' */
	MUTATION_FOREIGN_BYTES_OVERWRITTEN, /* memory has the file's bytes */
	MUTATION_RUNNING_CODE_PATCHED,	    /* code that was found late has not run yet */
	MUTATION_FUNCTION_HAS_NO_END,	    /* it reaches to where the next one begins */
};

#ifndef ML_MUTATION
#define ML_MUTATION MUTATION_NONE
#endif

#define ML_MUTATED(name) (ML_MUTATION == MUTATION_##name)

#endif
