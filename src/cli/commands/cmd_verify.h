/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_VERIFY_H
#define CLI_CMD_VERIFY_H

/*
 * cmd_verify - `mapledger verify': compare a ledger with the map that the kernel gave
 */

#include "cli/options/command.h"

extern const struct command command_verify;

#endif
