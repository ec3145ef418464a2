/* SPDX-License-Identifier: Apache-2.0 */

/*
 * memcpy, memmove, memset and memcmp of the shim's own: a compiler may call them unasked
 *
 * libc's versions use vector registers, which a hook must not touch: a program's
 * inlined system call expects them unchanged. These are compiled with general
 * registers only and stay hidden inside the shim. `rep movsb' is as fast as
 * anything for the sizes at hand on a CPU with fast short moves, and slow on one
 * without, so short copies go word by word.
 */

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	for (; len >= 8; len -= 8, t += 8, f += 8)
		*(word *)t = *(const word *)f;
	for (; len > 0; len--)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f || t >= f + len) {
		for (; len >= 8; len -= 8, t += 8, f += 8)
			*(word *)t = *(const word *)f;
		for (; len > 0; len--)
			*t++ = *f++;
		return to;
	}
	for (; len >= 8; len -= 8)
		*(word *)(t + len - 8) = *(const word *)(f + len - 8);
	for (; len > 0; len--)
		t[len - 1] = f[len - 1];
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	unsigned char *t = to;
	uint64_t pattern = 0x0101010101010101u * (unsigned char)byte;

	for (; len >= 8; len -= 8, t += 8)
		*(word *)t = pattern;
	for (; len > 0; len--)
		*t++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (; len > 0; len--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
