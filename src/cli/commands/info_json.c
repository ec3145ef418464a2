/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/commands/info_json.h"
#include "cli/text/fault_text.h"

static const char *state_name(enum view_state state)
{
	static const char *const names[] = {
		[VIEW_RUNNING] = "running", [VIEW_EXITED] = "exited",	[VIEW_EXECED] = "executed",
		[VIEW_LOST] = "lost",	    [VIEW_STOPPED] = "stopped", [VIEW_CRASHED] = "crashed",
	};

	return names[state];
}

static void json_process(struct json *json, const struct info *info)
{
	const struct ledger_header *header = info->view->header;
	size_t len = header->command_len;
	size_t at = 0;

	if (len > sizeof(header->command))
		len = sizeof(header->command);
	json_unsigned(json, "pid", header->pid);
	json_unsigned(json, "ppid", header->ppid);
	json_bytes(json, "executable", header->executable,
		   strnlen(header->executable, sizeof(header->executable)));
	json_array(json, "command");
	while (at < len) {
		size_t word = strnlen(header->command + at, len - at);

		json_bytes(json, NULL, header->command + at, word);
		at += word + 1;
	}
	json_end_array(json);
	json_string(json, "state", state_name(info->state));
	if (info->state == VIEW_EXITED)
		json_signed(json, "exit_status", header->exit_status);
	fault_json(json, "fault", info->view);
	json_unsigned(json, "start_realtime_ns", header->start_realtime_ns);
	json_unsigned(json, "duration_ns", info->duration_ns);
	json_bytes(json, "kernel", header->kernel_release,
		   strnlen(header->kernel_release, sizeof(header->kernel_release)));
	json_bytes(json, "shim_version", header->shim_version,
		   strnlen(header->shim_version, sizeof(header->shim_version)));
	if (info->has_parent)
		json_string(json, "parent_ledger", info->parent);
	else
		json_null(json, "parent_ledger");
	json_unsigned(json, "n_forks", info->view->n_forks);
	json_unsigned(json, "n_child_ledgers", info->n_child_ledgers);
}

static void json_counts(struct json *json, const struct info *info)
{
	const struct replay_counts *counts = &info->view->replay.counts;

	json_unsigned(json, "first_event", info->view->first_event);
	json_unsigned(json, "last_event", info->view->last_event);
	json_unsigned(json, "n_calls", counts->n_calls);
	json_unsigned(json, "n_failed", counts->n_failed);
	json_unsigned(json, "n_changes", counts->n_changes);
	json_unsigned(json, "n_nested", counts->n_nested);
	json_unsigned(json, "n_unordered", counts->n_unordered);
	json_unsigned(json, "n_unrecorded", info->view->header->n_unrecorded);
	json_unsigned(json, "n_unapplied", info->view->replay.space.n_unapplied);
	json_unsigned(json, "n_bad_lines", info->view->header->n_bad_lines);
	json_object(json, "calls");
	for (unsigned op = VM_OP_NONE + 1; op < VM_OP_COUNT; op++)
		if (counts->by_op[op] > 0)
			json_unsigned(json, vm_op_info(op)->name, counts->by_op[op]);
	json_end_object(json);
	json_object(json, "tiers");
	for (unsigned tier = 0; tier < VM_TIER_COUNT; tier++)
		if (counts->by_tier[tier] > 0)
			json_unsigned(json, vm_tier_name(tier), counts->by_tier[tier]);
	json_end_object(json);
	json_object(json, "resyncs");
	for (unsigned i = 0; i < VM_REASON_COUNT; i++)
		if (counts->resyncs[i] > 0)
			json_unsigned(json, vm_reason_name(i), counts->resyncs[i]);
	json_end_object(json);
	json_unsigned(json, "n_resyncs_that_changed", counts->resync_changes);
	json_object(json, "resyncs_that_changed");
	for (unsigned i = 0; i < VM_REASON_COUNT; i++)
		if (info->view->changes[i] > 0)
			json_unsigned(json, vm_reason_name(i), info->view->changes[i]);
	json_end_object(json);
	json_unsigned(json, "n_sites", info_count_sites(counts));
	json_unsigned(json, "n_sites_patched", counts->n_sites[LEDGER_SITE_PATCHED]);
	json_unsigned(json, "n_areas", info->n_areas);
}

void info_print_json(const struct info *info)
{
	const char *damage = info->view->damage;
	struct json *json = json_create();

	json_object(json, NULL);
	json_string(json, "ledger", info->view->name);
	json_process(json, info);
	json_counts(json, info);
	json_bool(json, "verified", info->findings.with != COMPARED_NOTHING);
	json_unsigned(json, "n_differences", vm_comparison_unexplained(&info->findings.comparison));
	json_unsigned(json, "n_checks", info->view->header->n_checks);
	json_unsigned(json, "n_checks_busy", info->view->header->n_checks_busy);
	json_unsigned(json, "n_checks_blind", info->view->header->n_checks_blind);
	json_unsigned(json, "n_checks_different", info->findings.n_checks_different);
	json_unsigned(json, "size", info->size);
	json_unsigned(json, "disk_size", info->disk_size);
	json_string(json, "damage", damage);
	json_end_object(json);
	json_destroy(json);
}
