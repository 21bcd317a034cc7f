#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every shell script parses, and shellcheck has nothing to say about it.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

# By name, or by the first line of a file without a suffix.
scripts=$(
	tree_files '*.sh'
	tree_files '*' | grep -E '(^|/)[^./]+$' | while read -r f; do
		! head -n 1 "$f" | grep -aq '^#!.*sh$' || echo "$f"
	done
)
for script in $scripts; do
	bash -n "$script" || fail "$script: does not parse"
done
# shellcheck disable=SC2086 # a list
if [ -n "$scripts" ] && ! shellcheck -s bash -x $scripts; then
	findings=$((findings + 1))
fi
[ "$findings" -eq 0 ]
