/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of advice that changes what later calls or forks do to an area
 */

#include <stddef.h>
#include "vma/vm_abi.h"
#include "vma/vm_advice.h"
#include "vma/vm_flags.h"

static const struct vm_advice advices[] = {
	{ MADV_DONTFORK, VM_DONTFORK, 0 },     { MADV_DOFORK, 0, VM_DONTFORK },
	{ MADV_WIPEONFORK, VM_WIPEONFORK, 0 }, { MADV_KEEPONFORK, 0, VM_WIPEONFORK },
	{ MADV_GUARD_INSTALL, VM_GUARD, 0 },   { MADV_GUARD_REMOVE, 0, VM_GUARD },
};

const struct vm_advice *vm_advice_find(uint32_t advice)
{
	for (unsigned i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].advice == advice)
			return &advices[i];
	return NULL;
}

bool vm_advice_has_effect(uint32_t advice)
{
	return vm_advice_find(advice) != NULL;
}
