/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/diff.h"
#include "cli/text/area_text.h"

struct diff_sums diff_sum_side(const struct diff_side *side)
{
	struct diff_sums sums = { 0 };

	for (size_t i = 0; i < side->n; i++) {
		sums.bytes += side->areas[i].range.end - side->areas[i].range.start;
		sums.n_rwx += area_is_rwx(side->areas[i].flags);
	}
	return sums;
}
