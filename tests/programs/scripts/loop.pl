# SPDX-License-Identifier: Apache-2.0
# Runs until it is killed: grows and drops strings and hashes.
use strict;
use warnings;
$| = 1;
srand 1;
print "ready\n";
my %kept;
for (my $i = 0;; $i++) {
  $kept{int rand 50} = "x" x (1 + int rand 900000);
  delete $kept{int rand 50};
  if ($i % 500 == 0) {
    my %many = map { $_ => "y" x ($_ % 100) } 1 .. 20000;
  }
}
