/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_CACHE_H
#define PRELOAD_SITE_CACHE_H

/*
 * site_cache - system call sites that were found in a file's code, kept between processes
 *
 * Reading 200 MB of code takes a tenth of a second, and gives the same few places
 * each time. They are kept in a folder, one small file per build id.
 *
 * Nothing in it is believed: a place from the cache is judged like one that was
 * found by reading. A false one costs a look, one that is missing a site. Files of
 * another user, links, and what has not the right size are passed over; whoever can
 * write to the folder could as well write to the program.
 */

#include "sites/site_text.h"

#define SITE_PLACES_MAX 250

struct site_places {
	uint32_t n;
	uint32_t lost;			  /* did not fit */
	uint64_t offset[SITE_PLACES_MAX]; /* of syscall instructions, in the file */
};

/* Reads the places of this code. False: there is no cache, or it does not know them. */
bool site_cache_read(const struct site_text *text, struct site_places *places);
/* Keeps the places of this code for the next process that maps it. */
void site_cache_write(const struct site_text *text, const struct site_places *places);

#endif
