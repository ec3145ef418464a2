/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/info.h"

uint64_t info_count_sites(const struct replay_counts *counts)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(counts->n_sites) / sizeof(counts->n_sites[0]); i++)
		n += counts->n_sites[i];
	return n;
}
