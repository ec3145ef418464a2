/* SPDX-License-Identifier: Apache-2.0 */

/* Makes raw_calls.S a library, for dlopen() and for victim_raw.c, which maps its code by hand. */

extern int raw_library_is_here;
int raw_library_is_here = 1;
