#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pure.sh BUILD [LIST]: the parts that LIST (tests/gate/pure.txt) calls pure refer to nothing but what it allows.
# BUILD must be without link-time optimisation, whose objects do not tell what they call.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

build=$1
list=${2:-tests/gate/pure.txt}
any=

# Undefined symbols of LIBRARY or LIBRARY(MEMBER,...) that it does not define itself. Needs $scratch.
needs()
{
	local library=$build/${1%%(*} members=

	[ "$library" = "$build/$1" ] || members=$(sed 's/.*(//; s/)//; s/,/ /g' <<<"$1")
	rm -rf "${scratch:?}"/*
	# shellcheck disable=SC2086 # a list
	(cd "$scratch" && ar x "$library" $members)
	[ -n "$(ls "$scratch")" ] || return 1
	LC_ALL=C comm -23 <(nm -u "$scratch"/*.o | awk '$1 == "U" { print $2 }' | LC_ALL=C sort -u) \
		<(nm -g --defined-only "$scratch"/*.o | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u)
}

build=$(cd "$build" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
while IFS=: read -r part allowed; do
	if [ "$part" = any ]; then
		any=$allowed
		continue
	fi
	if ! needed=$(needs "$part"); then
		fail "$list: $part is not in $build"
		continue
	fi
	for symbol in $needed; do
		[[ " $any $allowed " == *" $symbol "* ]] || fail "$part: refers to $symbol, which is not in $list"
	done
done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$list")
[ "$findings" -eq 0 ]
