# SPDX-License-Identifier: Apache-2.0
# The compiler, and what it made: threads, vectors, maps.
set -e
cat > area.rs <<'END'
use std::collections::BTreeMap;
use std::thread;
fn main() {
    let parts: Vec<_> = (0..8u64).map(|i| thread::spawn(move || (0..200_000 * i).sum::<u64>())).collect();
    let sum: u64 = parts.into_iter().map(|part| part.join().unwrap()).sum();
    let map: BTreeMap<u64, String> = (0..50_000).map(|n| (n * 7919 % 50_021, "x".repeat(n as usize % 50))).collect();
    println!("{} {}", sum, map.len());
    std::process::exit(23);
}
END
rustc -O -o area area.rs
exec ./area
