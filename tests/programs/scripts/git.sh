# SPDX-License-Identifier: Apache-2.0
# A repository from its first commit to its gc. Dates are fixed, so hashes are.
set -e
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 HOME="$PWD" LC_ALL=C
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_AUTHOR_DATE='2001-02-03T04:05:06Z'
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_COMMITTER_DATE='2001-02-03T04:05:06Z'
git init -q -b trunk repository
cd repository
git config core.preloadIndex true
for i in 1 2 3 4 5; do
  seq "$i" 3000 > "file$i"
  git add -A
  git commit -q -m "file $i"
done
git log --oneline --stat | cat
git diff HEAD~2 --stat | cat
git checkout -q -b side HEAD~1
echo more >> file1
git commit -q -a -m side
git merge -q trunk -m merged
git gc -q
git fsck 2> /dev/null
git rev-list --all --count
git show HEAD~1:file2 | tail -1
