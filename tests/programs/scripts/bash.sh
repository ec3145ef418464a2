# SPDX-License-Identifier: Apache-2.0
# Subshells, pipes, substitutions, here-documents, a coprocess.
set -e
total=0
for i in {1..300}; do
  total=$((total + i))
done
echo "sum $total"
for i in 1 2 3 4; do (echo "subshell $i"); done
echo "substituted $(printf '%s\n' c b a | sort | tr '\n' ' ')"
seq 2000 | grep 7 | wc -l
cat <<END
here $BASH_VERSION
END
coproc upper { tr a-z A-Z; }
echo "coprocess" >&"${upper[1]}"
eval "exec ${upper[1]}>&-"
cat <&"${upper[0]}"
wait
exit 3
