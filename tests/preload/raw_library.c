/* SPDX-License-Identifier: Apache-2.0 */

/* raw_calls.S as a library, for dlopen() and for whoever maps its code by hand. */

extern int raw_library_is_here;
int raw_library_is_here = 1;
