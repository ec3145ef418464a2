# SPDX-License-Identifier: Apache-2.0
# Another machine's programs, without a library: qemu.sh QEMU COMPILER
set -e
cat > guest.c <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *all[200];
	long sum = 0;
	memset(p, 3, 1 << 20);
	mprotect(p + 8192, 8192, PROT_READ);
	munmap(p + 65536, 65536);
	p = mremap(p + 32768, 32768, 1 << 21, MREMAP_MAYMOVE);
	for (int i = 0; i < 200; i++)
		memset(all[i] = malloc(1000 * (i + 1)), i, 1000 * (i + 1));
	for (int i = 0; i < 200; i++) {
		sum += all[i][i];
		free(all[i]);
	}
	printf("%d %ld %d\n", p[32767], sum, sbrk(1 << 20) == (void *)-1);
	return 20;
}
END
"$2" -O2 -static -o guest guest.c
exec "$1" ./guest
