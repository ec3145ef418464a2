/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_AUDIT_H
#define CLI_CMD_AUDIT_H

/*
 * cmd_audit - `mapledger audit': findings of one ledger, and what a rule means
 */

#include "cli/options/command.h"

extern const struct command command_audit;

#endif
