-- SPDX-License-Identifier: Apache-2.0
-- Traces for the compiler, tables, strings, and mmap through the foreign interface.
local ffi = require('ffi')
ffi.cdef[[
void *mmap(void *, size_t, int, int, int, long);
int mprotect(void *, size_t, int);
int munmap(void *, size_t);
]]
local h = 17
for i = 1, 2e7 do h = (h * 31 + i) % 1000003 end
print(h)
local t = {}
for i = 1, 3e5 do t[i % 5000] = ('x'):rep(i % 50) .. i end
print(#t)
local p = ffi.C.mmap(nil, 16384, 3, 0x22, -1, 0)
ffi.fill(p, 16384, 7)
print(ffi.C.mprotect(p, 8192, 1), ffi.cast('char *', p)[9000], ffi.C.munmap(p, 16384))
os.exit(15)
