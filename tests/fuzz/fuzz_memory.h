/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_MEMORY_H
#define TESTS_FUZZ_FUZZ_MEMORY_H

/* Memory that is there before the first call: getting more of it changes no map. */

#include <memory_set/memory_set.h>

extern const struct ml_allocator fuzz_allocator;

#endif
