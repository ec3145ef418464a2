/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOLIZE_SHORT_NAME_H
#define SYMBOLIZE_SHORT_NAME_H

/*
 * short_name - a function's name without arguments and template parameters
 */

#include <stddef.h>

/*
 * Shortens a demangled name: "std::vector<int>::push_back(int const&)" becomes
 * "std::vector<...>::push_back".
 */
void symbol_short_name(const char *name, char *buffer, size_t size);

#endif
