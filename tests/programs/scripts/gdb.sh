# SPDX-License-Identifier: Apache-2.0
# A debugger, its Python, and a program that it runs and stops.
set -e
cat > main.c <<'END'
#include <stdio.h>
#include <stdlib.h>
int twice(int n) { return 2 * n; }
int main(void)
{
	char *p = malloc(1 << 20);
	printf("%d\n", twice(p != NULL));
	free(p);
	return 21;
}
END
gcc -g -O0 -o main main.c
gdb -q -nx -batch -ex 'set startup-with-shell off' -ex 'set debuginfod enabled off' \
  -ex 'set confirm off' -ex 'break twice' -ex run -ex 'backtrace' -ex 'python print(6 * 7)' \
  -ex 'print (long)malloc(300000) != 0' -ex continue ./main 2> gdb.log |
  grep -E '^(#|42|Breakpoint|\$|2$|\[Inferior)' |
  sed 's/process [0-9]*/process N/; s/0x[0-9a-f]*/ADDRESS/g'
