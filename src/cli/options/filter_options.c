/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options/filter_options.h"
#include "vma/vm_flags.h"

static const char *parse_kinds(const char *value, void *field)
{
	return filter_parse_kinds(value, field);
}

const struct option_row filter_rows[FILTER_ROWS] = {
	[FILTER_RANGE] = { "range", 0, "PLACE",
			   "only what touches it: ADDR, A-B, A+SIZE, lib:libssl, path:'*.db', "
			   "[heap], [stack], stack:TID, area:N, sym:NAME",
			   OPTION_PLACE(struct filter_options, range) },
	[FILTER_SINCE] = { "since", 0, "MOMENT",
			   "only what came after it; moments are written as for map --at",
			   OPTION_MOMENT(struct filter_options, since),
			   .given = offsetof(struct filter_options, has_since) },
	[FILTER_UNTIL] = { "until", 0, "MOMENT", "only what came up to it",
			   OPTION_MOMENT(struct filter_options, until),
			   .given = offsetof(struct filter_options, has_until) },
	[FILTER_CALLS] = { "calls", 'e', "NAMES",
			   "only these events: mmap,munmap or !madvise or %mem, %process, resync",
			   OPTION_CALLS(struct filter_options, calls) },
	[FILTER_FAILED] = { "failed", 'Z', NULL, "only calls that failed",
			    OPTION_FLAG(struct filter_options, failed) },
	[FILTER_OK] = { "ok", 'z', NULL, "only calls that succeeded",
			OPTION_FLAG(struct filter_options, ok) },
	[FILTER_WRITABLE] = { "writable", 'w', NULL,
			      "only areas, or calls about areas, that can be written",
			      OPTION_BITS(struct filter_options, perm, VM_WRITE) },
	[FILTER_EXECUTABLE] = { "executable", 'x', NULL,
				"only such that can be executed; -wx: both at once",
				OPTION_BITS(struct filter_options, perm, VM_EXEC) },
	[FILTER_BECAME] = { "became", 0, "rwx",
			    "only calls after which pages could be read, written, executed",
			    OPTION_PERM(struct filter_options, became) },
	[FILTER_LOST] = { "lost", 0, "rwx", "only calls after which they no longer could",
			  OPTION_PERM(struct filter_options, lost) },
	[FILTER_KIND] = { "kind", 0, "KINDS",
			  "only these: anon, file, text, data, heap, stack, guard, reserve, shm, "
			  "memfd, hugetlb, jit (made to be executed, of no file)",
			  OPTION_PARSED(struct filter_options, kinds, parse_kinds) },
	[FILTER_SIZE] = { "size", 0, "SIZE",
			  "only areas, or calls about ranges, of this size: '>=1M', '<8K', 4K-1M",
			  OPTION_SIZES(struct filter_options, sizes),
			  .given = offsetof(struct filter_options, has_sizes) },
	[FILTER_FROM] = { "from", 0, "REGEX",
			  "only calls made in, or below, a function whose name matches",
			  OPTION_TEXT(struct filter_options, from),
			  .wrong = "is no regular expression" },
	[FILTER_MODULE_OF_CALLS] = { "module", 0, "GLOB",
				     "only calls made in, or below, a file of this name: "
				     "'libssl.so*'",
				     OPTION_TEXT(struct filter_options, module),
				     .wrong = "is no name of a file" },
	[FILTER_MODULE_OF_AREAS] = { "module", 0, "GLOB",
				     "only areas that show a file of this name: 'libssl.so*'",
				     OPTION_TEXT(struct filter_options, module),
				     .wrong = "is no name of a file" },
	[FILTER_TID] = { "tid", 0, "TID", "only calls of this thread",
			 OPTION_ID(struct filter_options, tid, uint32_t),
			 .wrong = "is not a thread id; mapledger log shows them as t4242" },
};
