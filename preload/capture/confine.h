/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_CONFINE_H
#define PRELOAD_CONFINE_H

/*
 * confine - a process that is about to install a seccomp filter
 */

#include <stdint.h>

/* prctl or seccomp, about to install a filter. Makes the call; returns its result. */
long confine_call(long nr, const uint64_t args[6]);

#endif
