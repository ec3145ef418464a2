/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_MEMORY_H
#define TESTS_FUZZ_FUZZ_MEMORY_H

/* fuzz_memory - an allocator whose memory is there before the first call, so no map changes. */

#include <memory_set/memory_set.h>

extern const struct ml_allocator fuzz_allocator;

#endif
