#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public function has a manual page, of its own or as one of the names on another, and mandoc understands every
# page.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

while read -r name header; do
	[ -f "docs/man/$name.3" ] || grep -qsx "\.Nm $name\( ,\)\?" docs/man/*.3 ||
		fail "$header: $name has no page docs/man/$name.3, and no other page names it"
done < <(public_functions)
pages=$(tree_files 'docs/man/*')
# shellcheck disable=SC2086 # a list
if [ -n "$pages" ] && ! mandoc -T lint -W error $pages; then
	findings=$((findings + 1))
fi
[ "$findings" -eq 0 ]
