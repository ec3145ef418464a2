# SPDX-License-Identifier: Apache-2.0
# Lists, strings, a dictionary, a child.
set kept {}
for {set i 0} {$i < 200000} {incr i} { lappend kept [string repeat x [expr {$i % 20}]] }
puts [llength [lsort -unique $kept]]
for {set i 0} {$i < 20000} {incr i} { dict set d [expr {$i * 7919 % 30011}] $i }
puts [dict size $d]
puts [exec echo child]
exit 22
