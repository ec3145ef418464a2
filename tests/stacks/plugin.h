/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_STACKS_PLUGIN_H
#define TESTS_STACKS_PLUGIN_H

/* plugin - the functions that victim_stacks and its plugin call in each other. */

/* In the program: what the plugin's constructor calls. */
extern void (*plugin_probe)(void);

/* In the plugin. */
int plugin_call(void (*probe)(void));

#endif
