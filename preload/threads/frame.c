/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include "base/mutation.h"
#include "base/sys.h"
#include "threads/frame.h"
#include "vma/vm_flags.h"
#include "shim/shim.h"

bool frame_is_lost(const struct frame_mark *mark, uint64_t word)
{
	uint64_t at = (uintptr_t)&mark->word;
	long low, high;

	if (shim.confined)
		return false;
	low = sys_compare_word(at, (uint32_t)word);
	high = sys_compare_word(at + 4, (uint32_t)(word >> 32));
	return low == -EAGAIN || high == -EAGAIN || low == -EFAULT;
}

/* Between two stacks there is a guard page, which can't be read. */
static bool on_one_stack(uintptr_t low, uintptr_t high)
{
	const uintptr_t most = 16u << 20;

	if (high - low > most)
		return false;
	for (uintptr_t page = vm_page_down(low) + VM_PAGE_SIZE; page <= high; page += VM_PAGE_SIZE)
		if (sys_compare_word(page, 0) == -EFAULT)
			return false;
	return true;
}

/* A handler's frames are at least so far below what it interrupted: there is the signal frame. */
#define SIGNAL_FRAME_MIN 1000

/* Both on the same stack, unless a program switches stacks on its own. */
static bool is_below(uintptr_t mark, uintptr_t mine)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if (mark > mine)
		return mark - mine < SIGNAL_FRAME_MIN;
	return mark >= here || on_one_stack(mark, mine);
}

/* Hooks of Go's code and on small alternate stacks run on stacks in our own data. */
extern const char __bss_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

static bool on_our_stack(const struct frame_mark *mark)
{
	return (uintptr_t)mark >= (uintptr_t)__bss_start && (uintptr_t)mark < (uintptr_t)_end;
}

/* On an alternate stack nothing can be said from addresses about what lies elsewhere. */
bool frame_was_left(const struct frame_mark *mark, uint64_t word, const struct frame_mark *mine)
{
	stack_t stack;
	bool there;

	if (shim.confined || ML_MUTATED(LEFT_HOOK_UNNOTICED) || sys_sigaltstack(NULL, &stack) < 0)
		return false;
	if (frame_is_lost(mark, word))
		return true;
	if (on_our_stack(mark) || on_our_stack(mine))
		return false;
	there = !(stack.ss_flags & SS_DISABLE) &&
		(uintptr_t)mark - (uintptr_t)stack.ss_sp < stack.ss_size;
	if (there != !!(stack.ss_flags & SS_ONSTACK))
		return there;
	return is_below((uintptr_t)mark, (uintptr_t)mine);
}
