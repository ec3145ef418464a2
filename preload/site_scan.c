/* SPDX-License-Identifier: Apache-2.0 */
#include "sites.h"

#if defined(__x86_64__)

#include <emmintrin.h>

#define SITE_BYTES 7 /* mov and syscall */

static bool is_site(const unsigned char *syscall)
{
	/* b8 NR NR 00 00: no system call number needs more */
	return syscall[-5] == 0xb8 && syscall[-2] == 0 && syscall[-1] == 0;
}

/* Bit i: a `0f 05' begins at @at + i. */
static unsigned syscall_mask(const unsigned char *at)
{
	__m128i first = _mm_loadu_si128((const __m128i *)at);
	__m128i second = _mm_loadu_si128((const __m128i *)(at + 1));

	return (unsigned)_mm_movemask_epi8(_mm_and_si128(
		_mm_cmpeq_epi8(first, _mm_set1_epi8(0x0f)),
		_mm_cmpeq_epi8(second, _mm_set1_epi8(0x05))));
}

const unsigned char *site_scan(const unsigned char *at, const unsigned char *end)
{
	const unsigned char *p = at + SITE_BYTES - 2;

	for (; p + 17 <= end; p += 16)
		for (unsigned mask = syscall_mask(p); mask != 0; mask &= mask - 1)
			if (is_site(p + __builtin_ctz(mask)))
				return p + __builtin_ctz(mask) - 5;
	for (; p + 2 <= end; p++)
		if (p[0] == 0x0f && p[1] == 0x05 && is_site(p))
			return p - 5;
	return end;
}

#else

const unsigned char *site_scan(const unsigned char *at, const unsigned char *end)
{
	(void)at;
	return end;
}

#endif
