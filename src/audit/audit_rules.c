/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of rules, with the sentences that explain each to a user
 */

#include <string.h>
#include "audit/audit_rules.h"

/* clang-format off */
const struct audit_rule audit_rules[RULE_COUNT] = {
	[RULE_W01] = { "W01", "writable-executable", AUDIT_WARNING,
		"memory is writable and executable at once",
		"Whoever can write there can run code: the last step of most exploits.",
		"Write first, then mprotect to r-x; or map the same memory twice, rw- and r-x.", false },
	[RULE_W02] = { "W02", "write-then-execute", AUDIT_NOTE,
		"memory that was writable became executable",
		"What a JIT compiler does. Policies such as SELinux execmem, PaX and MDWE refuse it.",
		"Nothing, if it is a JIT compiler. Otherwise find out why code is made at run time.", false },
	[RULE_W03] = { "W03", "executable-stack-or-heap", AUDIT_ERROR,
		"a stack or the heap became executable",
		"Any overflow of a buffer becomes an execution of code. Often a library with a forgotten "
		".note.GNU-stack section asked for it, and it stays so after dlclose.",
		"Link the library with -z noexecstack, or add the section to its assembly files.", false },
	[RULE_W04] = { "W04", "text-left-writable", AUDIT_WARNING,
		"code of a program or library was made writable, and left so",
		"From then on any stray or hostile write changes the program.",
		"Restore the protection that was there before, on every path.", false },
	[RULE_W05] = { "W05", "refused-by-policy", AUDIT_NOTE,
		"a hardened system would have refused this call",
		"The program fails under the policy that is named, perhaps only in some configurations.",
		"Avoid memory that is or was writable becoming executable; see W01 and W02.", false },
	[RULE_W06] = { "W06", "executable-temporary-file", AUDIT_WARNING,
		"code was mapped from a file in memory, a deleted or a temporary one",
		"The file can't be checked against a package; loaders of malware do this.",
		"Install what is executed, or keep it where only the owner can write.", false },

	[RULE_P01] = { "P01", "mprotect-overhang", AUDIT_ERROR,
		"the rounded-up length of mprotect reached a page too many",
		"Whole pages change: the last bytes of a length take a page of another mapping, or one "
		"that is still in use.",
		"Pass a length that ends where a page does; protect only whole pages you own.", false },
	[RULE_P02] = { "P02", "mprotect-short", AUDIT_ERROR,
		"mprotect stopped a page short of what was accessed",
		"The start was rounded down to its page, and the length was not made longer by as much.",
		"Compute the end first: round start down and end up, and pass their difference.", false },
	[RULE_P03] = { "P03", "mprotect-partial", AUDIT_ERROR,
		"an mprotect that failed had changed part of its range",
		"mprotect works area by area and stops at the first that can't be changed. What it did "
		"before stays done.",
		"Check that the range has no holes; after a failure set the protection anew.", false },
	[RULE_P04] = { "P04", "mprotect-foreign", AUDIT_NOTE,
		"a module changed the protection of another module's memory",
		"The owner does not know.", "Let the owner do it, or agree on it.", true },
	[RULE_P05] = { "P05", "guard-made-accessible", AUDIT_WARNING,
		"pages that had been made inaccessible on purpose were opened by somebody else",
		"An overrun that would have been caught goes on into other memory.",
		"Find out who relies on the guard; keep it, or move it.", false },
	[RULE_P06] = { "P06", "mprotect-no-op", AUDIT_NOTE,
		"most calls from here change nothing",
		"Each costs a system call and the lock of the address space.",
		"Remember what the protection is.", false },
	[RULE_P07] = { "P07", "mprotect-not-undone", AUDIT_WARNING,
		"read-only data of a program or library was made writable, and left so",
		"Constants, tables of pointers and relocations can be changed from then on.",
		"Restore the protection that was there before, on every path.", false },

	[RULE_U01] = { "U01", "double-munmap", AUDIT_WARNING,
		"munmap of what is not mapped, or not any more",
		"It succeeds in silence. When another thread has mapped the range meanwhile, its memory "
		"is gone: that is an error.",
		"Clear the pointer where the mapping ends; give each mapping one owner.", false },
	[RULE_U02] = { "U02", "munmap-foreign", AUDIT_WARNING,
		"a module unmapped another module's memory",
		"The owner still has pointers into it.", "Let the owner free what it mapped.", false },
	[RULE_U03] = { "U03", "munmap-length", AUDIT_WARNING,
		"the length of munmap is not that of the mapping",
		"Too long: the neighbour's page is gone, which is an error. Too short: the rest leaks.",
		"Keep the length with the pointer, and pass both.", false },
	[RULE_U04] = { "U04", "fixed-clobber", AUDIT_ERROR,
		"MAP_FIXED took the place of live memory of another owner",
		"What was there is gone, without an error.",
		"MAP_FIXED_NOREPLACE, or reserve the place first with PROT_NONE.", false },
	[RULE_U05] = { "U05", "munmap-then-fixed", AUDIT_NOTE,
		"a range was unmapped and then mapped with MAP_FIXED",
		"In between another thread's mmap can be given the range: that is an error when it happens.",
		"MAP_FIXED alone replaces what is there, in one step.", false },
	[RULE_U06] = { "U06", "use-after-munmap", AUDIT_ERROR,
		"memory was used after it had been unmapped", "The program crashed of it.",
		"`mapledger why' with the address shows who unmapped it.", false },
	[RULE_U07] = { "U07", "address-reuse", AUDIT_ERROR,
		"a pointer to memory that was unmapped led into what was mapped there since",
		"The program crashed of it; at other times it would have read or changed other data.",
		"Record with --hold-unmapped to catch the first stale use.", false },
	[RULE_U08] = { "U08", "call-failed", AUDIT_WARNING,
		"calls failed", "If the program does not look at the result, it goes on without what it asked for.",
		"Check the result of every call; the message says what the error means.", false },
	[RULE_U09] = { "U09", "hint-not-honoured", AUDIT_NOTE,
		"a mapping came to be elsewhere than its hint",
		"An address without MAP_FIXED is only a hint.", "Use the address that mmap returns.", false },
	[RULE_U10] = { "U10", "unloaded-code", AUDIT_ERROR,
		"code was executed after it had been unloaded",
		"A callback, a destructor or a thread outlived its library. The program crashed of it.",
		"Unregister it before dlclose, or link the library with -z nodelete.", false },

	[RULE_L01] = { "L01", "map-count", AUDIT_WARNING,
		"the number of mappings comes near the limit",
		"At vm.max_map_count mmap, mprotect and even munmap fail.",
		"Find who splits mappings (`mapledger top'); merge or pool them; raise the limit.", false },
	[RULE_L02] = { "L02", "mapping-leak", AUDIT_WARNING,
		"the same thing is mapped again and again, and not unmapped",
		"Mappings, address space and, of anonymous memory, memory run out.",
		"Unmap it, or map it once.", false },
	[RULE_L03] = { "L03", "fragmented", AUDIT_NOTE,
		"many neighbours differ only in who mapped them",
		"Each may cost the kernel a mapping.", "Map larger pieces.", false },
	[RULE_L04] = { "L04", "split-storm", AUDIT_WARNING,
		"a call site has split mappings many hundreds of times",
		"Every piece counts towards vm.max_map_count, and every page fault searches among them.",
		"Keep what is protected alike together.", false },
	[RULE_L05] = { "L05", "no-memory", AUDIT_WARNING,
		"mmap or brk was refused for want of memory, far from the limit of mappings",
		"RLIMIT_AS, RLIMIT_DATA or the kernel's overcommit accounting refuses.",
		"Look at ulimit -a and at vm.overcommit_memory; use MAP_NORESERVE for reservations.", false },

	[RULE_G01] = { "G01", "no-guard", AUDIT_NOTE,
		"a thread's stack has no guard", "An overflow runs into whatever lies below.",
		"Give it a guard (pthread_attr_setguardsize), or know why not.", false },
	[RULE_G02] = { "G02", "guard-removed", AUDIT_ERROR,
		"a guard was made accessible, or what the program relies on was broken",
		"An overflow goes unnoticed, into whatever lies below; or memory is not what the program "
		"said with ml_expect() that it is.",
		"Look at the call that changed it: the range may be off by a page.", false },
	[RULE_G03] = { "G03", "guard-regions", AUDIT_NOTE,
		"there are guard regions that /proc/PID/maps does not show",
		"Their pages look accessible and are not (MADV_GUARD_INSTALL).",
		"Nothing: `mapledger map' shows them.", false },

	[RULE_A01] = { "A01", "no-aslr", AUDIT_NOTE,
		"address space randomization is off", "Addresses can be guessed.",
		"Don't run it under setarch -R or a debugger.", false },
	[RULE_A02] = { "A02", "not-pie", AUDIT_NOTE,
		"the program is linked to a fixed address", "Its own addresses can be guessed.",
		"Compile with -fPIE and link with -pie.", false },
	[RULE_A03] = { "A03", "low-fixed-address", AUDIT_NOTE,
		"something is mapped at a fixed low address",
		"It can be guessed, and a null pointer with an offset may reach it.",
		"Let the kernel choose the place.", false },

	[RULE_I01] = { "I01", "kernel-differs", AUDIT_ERROR,
		"the kernel's map differs from the recorded one",
		"A change was not seen: what is said about these pages may be wrong.",
		"`mapledger verify' shows where; record with --raw.", false },
	[RULE_I02] = { "I02", "ledger-damaged", AUDIT_WARNING,
		"the ledger is damaged or cut short", "What was lost can't be judged.",
		"Record again.", false },
	[RULE_I03] = { "I03", "history-lost", AUDIT_WARNING,
		"calls were not recorded, or their records were overwritten",
		"What they did can't be judged.", "Record with a larger --max-size.", false },
};
/* clang-format on */

const struct audit_rule *audit_rule_find(const char *id)
{
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (strcmp(audit_rules[i].id, id) == 0)
			return &audit_rules[i];
	return NULL;
}

const char *audit_severity_name(enum audit_severity severity)
{
	static const char *const names[AUDIT_SEVERITIES] = {
		[AUDIT_NOTE] = "note",
		[AUDIT_WARNING] = "warning",
		[AUDIT_ERROR] = "error",
	};

	return names[severity];
}
