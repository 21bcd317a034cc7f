#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pure.sh BUILD [LIST]: the parts that LIST (tests/gate/pure.txt) calls pure refer to nothing but what it allows.
# BUILD must be without link-time optimisation, whose objects do not tell what they call.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

build=$(cd "$1" && pwd)
list=${2:-tests/gate/pure.txt}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# unpack PART FOLDER: the objects of LIBRARY, or of LIBRARY(MEMBER,...), which must exist.
unpack()
{
	local library=$build/${1%%(*} members=

	[ "$library" = "$build/$1" ] || members=$(sed 's/.*(//; s/)//; s/,/ /g' <<<"$1")
	rm -rf "$2"
	mkdir "$2"
	# shellcheck disable=SC2086 # a list
	(cd "$2" && ar x "$library" $members && ls ./*.o) >/dev/null 2>&1
}

any=
parts=()
allowed=()
while IFS=: read -r part symbols; do
	if [ "$part" = any ]; then
		any=$symbols
	elif unpack "$part" "$scratch/${#parts[@]}"; then
		parts+=("$part")
		allowed+=("$symbols")
	else
		fail "$list: $part is not in $build"
	fi
done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$list")

# Pure parts may call each other. What is left of a part that was missing does not count.
rm -rf "${scratch:?}/${#parts[@]}"
pure=$(nm -g --defined-only "$scratch"/*/*.o | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u)
for i in "${!parts[@]}"; do
	for symbol in $(nm -u "$scratch/$i"/*.o | awk '$1 == "U" { print $2 }' | LC_ALL=C sort -u |
		LC_ALL=C comm -23 - <(echo "$pure")); do
		[[ " $any ${allowed[$i]} " == *" $symbol "* ]] ||
			fail "${parts[$i]}: refers to $symbol, which is not in $list"
	done
done
[ "$findings" -eq 0 ]
