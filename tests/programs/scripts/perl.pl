# SPDX-License-Identifier: Apache-2.0
# Hashes, sorting, regular expressions, a fork with a pipe, a loaded extension.
use strict;
use warnings;
use POSIX qw(floor);
use List::Util qw(sum);

my %count;
$count{$_ % 977} .= chr(65 + $_ % 26) for 1 .. 200000;
my @sorted = sort { length($count{$a}) <=> length($count{$b}) || $a <=> $b } keys %count;
print "keys ", scalar(@sorted), " first $sorted[0]\n";
print "sum ", sum(map { floor(sqrt $_) } 1 .. 10000), "\n";
my $text = "area " x 50000;
my $n = () = $text =~ /\barea\b/g;
print "matches $n\n";
pipe(my $reader, my $writer) or die;
$| = 1;
my $pid = fork;
if ($pid == 0) {
  close $reader;
  my @list = map { "x" x 1000 } 1 .. 5000;
  print $writer scalar(@list), "\n";
  close $writer;
  exit 6;
}
close $writer;
print "child said ", scalar(<$reader>);
waitpid $pid, 0;
print "child ended ", $? >> 8, "\n";
print "backticks ", `echo shell`;
exit 7;
