/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>
#include "sites/site_scan.h"

#define EACH(byte) (0x0101010101010101ULL * (byte))

static uint64_t load(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* The lowest byte that is 0 has its top bit set; those above may, too. */
static uint64_t zero_bytes(uint64_t word)
{
	return (word - EACH(0x01)) & ~word & EACH(0x80);
}

const unsigned char *site_scan(const unsigned char *at, const unsigned char *end)
{
	while (end - at >= 9) {
		uint64_t found = zero_bytes((load(at) ^ EACH(0x0f)) | (load(at + 1) ^ EACH(0x05)));

		if (found != 0)
			return at + __builtin_ctzll(found) / 8;
		at += 8;
	}
	for (; end - at >= 2; at++)
		if (at[0] == 0x0f && at[1] == 0x05)
			return at;
	return end;
}
