/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SECCOMP_H
#define BASE_SECCOMP_H

/*
 * seccomp - how many seccomp filters the calling thread is behind
 *
 * Asked with open, read and close alone: the loader has made those, so no filter kills for
 * them.
 */
#include <stdint.h>

/* Counts the seccomp filters of the calling thread; 0 when that is not known. */
uint64_t seccomp_filters(void);

#endif
