/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_SCAN_H
#define PRELOAD_SITE_SCAN_H

/*
 * site_scan - finding the bytes of a `syscall' instruction
 */

/* The next bytes 0f 05 at or after @at, below @end. Return: where, or @end. */
const unsigned char *site_scan(const unsigned char *at, const unsigned char *end);

#endif
