/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/open_ledger.h"
#include "query/find_ledger.h"

int open_and_show(const struct common_options *common, int n_operands, char **operands,
		  show_ledger_fn show, const void *options)
{
	struct found_ledger found;
	struct ledger_view view;
	int code;

	if (!find_ledger(common->pid, n_operands, operands, &found) ||
	    !view_open(&view, found.path, found.name))
		return CLI_TROUBLE;
	view.sysroot = common->sysroot;
	code = show(&view, options);
	view_close(&view);
	return code;
}
