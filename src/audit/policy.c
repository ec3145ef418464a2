/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What MDWE, SELinux and PaX refuse, by the rules in their sources
 */

#include "audit/policy.h"

/*
 * MDWE, prctl(PR_SET_MDWE): map_deny_write_exec() in include/linux/mman.h. A new
 * mapping must not be both; an existing one must not gain execution.
 */
static bool mdwe_refuses(bool is_new, uint64_t old, uint64_t now)
{
	if (!(now & VM_EXEC))
		return false;
	return is_new ? (now & VM_WRITE) != 0 : !(old & VM_EXEC);
}

/*
 * PaX MPROTECT decides the kind of a mapping when it is made: one that may be
 * written can never be executed, and the other way round.
 */
static bool pax_refuses(bool is_new, uint64_t old, uint64_t now)
{
	if (is_new)
		return (now & (VM_WRITE | VM_EXEC)) == (VM_WRITE | VM_EXEC);
	return ((now & VM_EXEC) && !(old & VM_EXEC)) || ((now & VM_WRITE) && (old & VM_EXEC));
}

/*
 * SELinux, security/selinux/hooks.c: file_map_prot_check() for mmap and mprotect,
 * and before it selinux_file_mprotect() for what gains execution.
 */
static unsigned selinux_refuses(const struct change *change, bool is_new,
				const struct memory_area *before, const struct memory_area *after)
{
	bool is_file = (after->flags & VM_FILE) && after->tag[VM_TAG_OBJECT] != 0;
	bool is_shared = after->flags & VM_SHARED;
	unsigned refusals = 0;

	if (!(after->flags & VM_EXEC))
		return 0;
	if (!is_new && !(before->flags & VM_EXEC)) {
		if (after->flags & VM_HEAP)
			refusals |= POLICY_EXECHEAP;
		else if (audit_is_main_stack(change->space, after))
			refusals |= POLICY_EXECSTACK;
		else if (is_file && (before->flags & VM_WRITE))
			refusals |= POLICY_EXECMOD; /* if a page was written */
	}
	/* Besides those: both must be allowed. */
	if (!is_file || (!is_shared && (after->flags & VM_WRITE)))
		refusals |= POLICY_EXECMEM;
	return refusals;
}

unsigned policy_refusals(const struct change *change, const struct memory_area *before,
			 const struct memory_area *after)
{
	bool is_new = change->call->op == VM_OP_MMAP || change->call->op == VM_OP_SHMAT;
	uint64_t old = before != NULL ? before->flags : 0;
	unsigned refusals = 0;

	if (after == NULL || (!is_new && (before == NULL || !vm_call_is_protect(change->call))))
		return 0;
	if (mdwe_refuses(is_new, old, after->flags))
		refusals |= POLICY_MDWE;
	if (pax_refuses(is_new, old, after->flags))
		refusals |= POLICY_PAX;
	return refusals | selinux_refuses(change, is_new, before, after);
}

void policy_names(unsigned refusals, struct text *text)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ POLICY_MDWE, "MDWE" },
		{ POLICY_EXECMEM, "SELinux execmem" },
		{ POLICY_EXECMOD, "SELinux execmod" },
		{ POLICY_EXECHEAP, "SELinux execheap" },
		{ POLICY_EXECSTACK, "SELinux execstack" },
		{ POLICY_PAX, "PaX MPROTECT" },
	};
	size_t begin = text->len;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(refusals & names[i].bit))
			continue;
		if (text->len > begin)
			text_string(text, ", ");
		text_string(text, names[i].name);
	}
}
