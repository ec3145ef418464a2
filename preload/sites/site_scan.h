/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_SCAN_H
#define PRELOAD_SITE_SCAN_H

/*
 * site_scan - finds the bytes of a `syscall' instruction in a piece of code
 *
 * Eight bytes at a time, in general registers. Whether they are an instruction is for
 * site_judge.h to say.
 */

/* Finds the next bytes 0f 05 at or after @at, below @end. Return: where, or @end. */
const unsigned char *site_scan(const unsigned char *at, const unsigned char *end);

#endif
