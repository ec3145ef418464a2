/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SECCOMP_H
#define BASE_SECCOMP_H

/*
 * How many seccomp filters the calling thread is behind; 0 when that is not known. Asked
 * with open, read and close alone: the loader has made those, so no filter kills for them.
 */
#include <stdint.h>

uint64_t seccomp_filters(void);

#endif
