<?php
// SPDX-License-Identifier: Apache-2.0
// Arrays, strings, regular expressions and closures.
$a = [];
for ($i = 0; $i < 300000; $i++)
    $a[] = ($i * 7919) % 300007;
sort($a);
echo count($a), ' ', $a[1000], "\n";
echo strlen(str_repeat('area', 1000000)), "\n";
echo preg_match_all('/ar/', str_repeat('area ', 20000)), "\n";
echo array_sum(array_map(fn($n) => $n % 10, range(1, 100000))), "\n";
function mix($n) { $h = 17; for ($i = 0; $i < $n; $i++) $h = ($h * 31 + $i) % 1000003; return $h; }
echo mix(2000000), "\n";
exit(14);
