# SPDX-License-Identifier: Apache-2.0
# A compiler that is one large program, run in one process.
set -e
cat > sum.c <<'END'
static int twice(int n) { return 2 * n; }
int sum(const int *p, int n) { int s = 0; while (n--) s += twice(*p++); return s; }
END
clang -O2 -c -o sum.o sum.c
clang -O2 -S -emit-llvm -o - sum.c | grep -c vector
cksum < sum.o
