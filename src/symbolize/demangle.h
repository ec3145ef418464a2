/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOLIZE_DEMANGLE_H
#define SYMBOLIZE_DEMANGLE_H

/*
 * demangle() - turn a mangled name back into what the programmer wrote
 *
 * C++, Rust and D, by libiberty when it was there at build time (its licence lets it be
 * linked into any program). Otherwise by libstdc++, which is looked for when the first
 * name needs it, and knows C++ and the older mangling of Rust. Without either names stay
 * as they are.
 *
 * Return: to be freed; NULL when the name is not mangled, or can't be read.
 */
char *demangle(const char *name);

#endif
