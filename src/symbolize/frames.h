/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOLIZE_FRAMES_H
#define SYMBOLIZE_FRAMES_H

/*
 * frames - the functions at an address of a module, inlined ones included (private to
 * src/symbolize)
 */

#include "symbolize/module.h"

/* Finds function and line of @address, and what is inlined there. Return: 0 or -ENOMEM. */
int module_frames(const struct module *module, uint64_t address, struct symbol *symbol);

#endif
