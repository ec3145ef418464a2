/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_INFO_H
#define CLI_CMD_INFO_H

/*
 * cmd_info - `mapledger info': what a ledger holds
 */

#include "cli/options/command.h"

extern const struct command command_info;

#endif
