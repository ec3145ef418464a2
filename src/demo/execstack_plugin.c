/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A library that asks for an executable stack, as those with a forgotten
 * .note.GNU-stack in an assembly file do without meaning to.
 */

int plugin_answer(void);

int plugin_answer(void)
{
	return 42;
}
