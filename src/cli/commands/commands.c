/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/cli.h"

#define FILE_DETAILS                                                                               \
	"Without FILE: the newest *.mlg in the current folder; where its program executed\n"       \
	"another in its place, that one's.\n"

/* In the order of the help page. */
const struct command commands[] = {
	{ "run", "record", COMMAND_RUN, cmd_run, "[OPTION...] [--] PROGRAM [ARGUMENT...]",
	  "record a program in a ledger",
	  "The program runs as it would without mapledger: same input and output, same\n"
	  "terminal, same exit status. At its end one line on stderr says what was recorded.\n"
	  "When it crashed, it is explained why; when a child did, another line says which. A\n"
	  "child's crash is explained, too, where the program passes its status on (128 + N).\n"
	  "\n"
	  "Children go to FILE.d/, one ledger each. A child's ledger is removed when the child\n"
	  "did nothing but start up: it made no call at all, or it made at most 100 calls, all\n"
	  "from inside libc and the loader, ended by itself or by executing something, and its\n"
	  "map was the kernel's. --keep-all keeps these, too. When the program itself executes\n"
	  "another, that one's ledger is in FILE.d/ and is kept.\n"
	  "\n"
	  "Exit status: the program's; 128 + N in a shell when signal N killed it; 125 when\n"
	  "mapledger can't record it, 126 when it can't be executed, 127 when there is no such\n"
	  "program.\n",
	  CLI_RUN_FAILED },
	{ "info", NULL, COMMAND_INFO, cmd_info, "[OPTION...] [FILE]",
	  "what a ledger holds: the process, its calls, coverage, integrity",
	  FILE_DETAILS "`mapledger FILE' is short for `mapledger info FILE'.\n", CLI_TROUBLE },
	{ "map", NULL, COMMAND_MAP, cmd_map, "[OPTION...] [FILE]",
	  "the map of the address space at any moment",
	  FILE_DETAILS
	  "\n"
	  "SINCE is the event that mapped an area; `start' when it was there before the first.\n"
	  "LAST CHANGE is the call that last changed it. Numbers are those of mapledger log.\n"
	  "A guard has no access and at most 1M; larger areas without access are `reserve'.\n",
	  CLI_TROUBLE },
	{ "log", NULL, COMMAND_LOG, cmd_log, "[OPTION...] [FILE]",
	  "the calls that were recorded, and what each did to the map",
	  FILE_DETAILS
	  "\n"
	  "Lines that begin with ! failed. Lines that begin with ~ are no calls: a range was\n"
	  "read back from the kernel, for the reason given.\n",
	  CLI_TROUBLE },
	{ "why", NULL, COMMAND_WHY, cmd_why, "[OPTION...] ADDRESS [FILE]",
	  "who mapped, changed and unmapped what is at an address",
	  FILE_DETAILS
	  "\n"
	  "ADDRESS is 0x7f12040, 0x7f12000-0x7f14000, 0x7f12000+8K, lib:libssl, path:'*.db',\n"
	  "[heap], [stack], stack:TID, area:31 (what event 31 mapped), sym:NAME, or of a crash\n"
	  "`fault' and `pc'.\n"
	  "\n"
	  "Lines that begin with ~ are no calls: what was there before recording began, or what\n"
	  "the kernel said when it was asked. Lines that begin with ! were refused. Memory that\n"
	  "mremap moved is followed to where it was before.\n",
	  CLI_TROUBLE },
	{ "top", NULL, COMMAND_TOP, cmd_top, "[OPTION...] [FILE]",
	  "the places in the program that make the calls, by what is left of them",
	  FILE_DETAILS
	  "\n"
	  "A call site is the program's own function and line, and the call. LIVE is what its\n"
	  "calls mapped and is there in the end; BYTES is what all of them were about.\n"
	  "--folded | flamegraph.pl makes a picture.\n",
	  CLI_TROUBLE },
	{ "diff", NULL, COMMAND_DIFF, cmd_diff, "[OPTION...] A B [FILE]",
	  "what is different between two moments, two ledgers, or a ledger and a process",
	  "A and B are moments of one ledger (diff start end), two ledgers (diff a.mlg b.mlg),\n"
	  "or, with -p, one ledger or moment is compared with the running process.\n"
	  "\n"
	  "+ was mapped, - was unmapped, ~ has changed, or is another mapping that looks the\n"
	  "same. Addresses differ from run to run: --rel pairs areas by the file and offset\n"
	  "that they show, or by who mapped them, in their order.\n"
	  "\n"
	  "Exit status: 0 equal, 1 differences, 2 can't be read.\n",
	  CLI_TROUBLE },
	{ "verify", NULL, COMMAND_VERIFY, cmd_verify, "[OPTION...] [FILE]",
	  "compare a ledger with the kernel's map",
	  FILE_DETAILS
	  "\n"
	  "With -p the map of the running process is read now; otherwise the map that was\n"
	  "recorded at its exit is used.\n"
	  "\n"
	  "Exit status: 0 equal, 1 differences, 2 can't be read, 3 nothing to compare with, or\n"
	  "the ledger is damaged.\n",
	  CLI_TROUBLE },
	{ "explain", NULL, COMMAND_EXPLAIN, cmd_explain, "[OPTION...] [FILE]",
	  "why a program crashed: the access, the page, who made it so, who mapped it",
	  FILE_DETAILS "\n"
		       "`mapledger run' prints the same when its program crashes.\n"
		       "\n"
		       "Exit status: 0 explained, 2 can't be read, 3 no crash is recorded.\n",
	  CLI_TROUBLE },
	{ "audit", NULL, COMMAND_AUDIT, cmd_audit, "[OPTION...] [FILE]",
	  "findings: misuse of mprotect and munmap, dangerous memory, limits",
	  FILE_DETAILS
	  "\n"
	  "Each finding says what, where, who and when, and what to try. Rules about whose\n"
	  "memory it is go by the module of the first frame of a stack outside libc and\n"
	  "allocators, and are silent inside one module.\n"
	  "\n"
	  "Exit status: 0 nothing at or above --fail-on, 1 findings, 2 can't be read.\n",
	  CLI_TROUBLE },
	{ "demo", NULL, COMMAND_DEMO, cmd_demo, "[NAME]",
	  "broken programs that come along, recorded and explained",
	  "Without a name: which there are. The ledger is mapledger.demo.mlg, for other commands\n"
	  "to look at.\n",
	  CLI_TROUBLE },
	{ "help", NULL, COMMAND_HELP, cmd_help, "[COMMAND|environment|coverage]",
	  "about a command, or about what can be set in the environment", "", CLI_TROUBLE },
};
const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < n_commands; i++) {
		const struct command *command = &commands[i];

		if (strcmp(name, command->name) == 0 ||
		    (command->alias != NULL && strcmp(name, command->alias) == 0))
			return command;
	}
	return NULL;
}
