#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# symbols.sh LIBRARY: an application that links the library sees demi_ and tern_ names, and sees every function that
# the public headers declare.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

defined=$(nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u)
while read -r symbol; do
	[[ $symbol =~ ^(demi|tern)_ ]] || fail "$1: $symbol is visible to applications"
done <<<"$defined"
while read -r name header; do
	grep -qx "$name" <<<"$defined" || fail "$header: $name is declared, but not in $1"
done < <(public_functions)
[ "$findings" -eq 0 ]
