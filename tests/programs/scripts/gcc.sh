# SPDX-License-Identifier: Apache-2.0
# Compile, link with a library of our own, run.
set -e
cat > twice.c <<'END'
int twice(int n) { return 2 * n; }
END
cat > main.c <<'END'
#include <math.h>
#include <stdio.h>
int twice(int);
int main(void)
{
	double sum = 0;
	for (int i = 1; i < 100000; i++)
		sum += sqrt(i);
	printf("%d %.3f\n", twice(21), sum);
	return 9;
}
END
gcc -O2 -shared -fPIC -o libtwice.so twice.c
gcc -O2 -g -o main main.c -L. -ltwice -lm -Wl,-rpath,"$PWD"
gcc -O2 -S -o - main.c | grep -c call
exec ./main
