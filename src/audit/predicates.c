/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Questions about one call that the audit and the explanation of a crash must answer alike
 */

#include <sys/mman.h>
#include "audit/predicates.h"

/* ------------------------------------------------------------------- overhangs */

static bool is_there(const struct memory_area *area)
{
	return area != NULL && !(area->flags & VM_HELD); /* held: unmapped, for the program */
}

static const struct memory_area *find_first(const struct vm_space *space, struct addr_range range)
{
	const struct memory_area *area;
	struct memory_set_iter iter;

	memory_set_for_each(area, &iter, space->set, range) if (is_there(area)) return area;
	return NULL;
}

struct overhang overhang_of_call(const struct vm_space *before, const struct vm_call *call)
{
	uint64_t end = call->args[0] + call->args[1];
	struct overhang overhang = { .page = vm_page_down(end) };
	struct addr_range range = { call->args[0], overhang.page + VM_PAGE_SIZE };
	const struct memory_area *area;

	if ((call->op != VM_OP_MUNMAP && !vm_call_is_protect(call)) || range.start >= range.end)
		return overhang;
	overhang.rest = call->args[1] & (VM_PAGE_SIZE - 1);
	area = find_first(before, range);
	if (area != NULL)
		overhang.first_origin = area->origin;
	area = memory_set_find(before->set, overhang.page);
	if (!is_there(area))
		return overhang;
	overhang.last_origin = area->origin;
	area = memory_set_find(before->set, range.end);
	overhang.is_last = !is_there(area) || area->origin != overhang.last_origin;
	return overhang;
}

enum overhang_kind overhang_kind(const struct overhang *overhang)
{
	bool is_known = overhang->first_origin != 0 && overhang->last_origin != 0;

	if (overhang->rest == 0)
		return OVERHANG_NONE;
	if (is_known && overhang->first_origin != overhang->last_origin)
		return OVERHANG_FOREIGN;
	return is_known && overhang->is_last ? OVERHANG_NONE : OVERHANG_OWN;
}

/* ----------------------------------------------------------------------- calls */

bool unmap_is_repeated(const struct vm_call *first, const struct vm_call *second)
{
	return first->op == VM_OP_MUNMAP && second->op == VM_OP_MUNMAP &&
	       first->args[0] == second->args[0] && first->args[1] == second->args[1] &&
	       first->tid == second->tid;
}

bool protect_is_partial(const struct vm_call *call, uint64_t n_pages)
{
	return vm_call_is_protect(call) && vm_call_failed(call) && n_pages > 0;
}

bool call_takes_place(const struct vm_call *call)
{
	return call->op == VM_OP_MMAP && (call->args[3] & MAP_FIXED);
}
