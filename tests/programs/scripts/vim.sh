# SPDX-License-Identifier: Apache-2.0
# An editor without a terminal: a large buffer, a substitution, a filter.
seq 20000 > numbers.txt
vim -u NONE -n -es -c '%s/7/seven/g' -c '1,100!sort -r' -c 'normal ggyG50p' -c 'wq' numbers.txt
cksum < numbers.txt
