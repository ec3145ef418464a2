/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOLIZE_DEMANGLE_H
#define SYMBOLIZE_DEMANGLE_H

/*
 * demangle() - a name as its programmer wrote it
 *
 * C++, and Rust in the mangling that looks like C++. The work is done by libstdc++,
 * which is looked for when the first name needs it: its licence allows this, it is on
 * every machine with a C++ program on it, and without it names just stay as they are.
 *
 * Return: to be freed; NULL when the name is not mangled, or can't be read.
 */
char *demangle(const char *name);

#endif
