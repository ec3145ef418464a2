/* SPDX-License-Identifier: Apache-2.0 */

/* Prints the length of the instruction on each line of hexadecimal bytes, for x86_insn_test.py. */

#include <stdio.h>
#include <string.h>
#include "sites/x86_insn.h"

int main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		unsigned char code[32];
		struct x86_insn insn;
		size_t n = 0;
		unsigned byte;

		memset(code, 0x90, sizeof(code));
		while (n < 16 && sscanf(line + 2 * n, "%2x", &byte) == 1)
			code[n++] = (unsigned char)byte;
		x86_decode(code, sizeof(code), &insn);
		printf("%d\n", insn.len);
	}
	return 0;
}
