#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# budget.sh BUILD-FOLDER: no load of bench/budget.txt costs more instructions per operation than its line allows. They
# are counted, not timed: the same on any machine, however busy.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

program=$1/bench/instruction_budget
operations=1000

# count FUNCTION LOAD: instructions inside FUNCTION, and all that it calls.
count()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect="$1" \
		"$program" "$2" "$operations" 2>&1 | sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

while read -r load function limit; do
	total=$(count "$function" "$load")
	if [ "${total:-0}" -eq 0 ]; then
		fail "$load: nothing counted in $function"
		continue
	fi
	price=$((total / operations))
	echo "note: $load: $price of $limit instructions"
	[ "$price" -le "$limit" ] || fail "$load: $price instructions an operation; bench/budget.txt allows $limit"
done < <(sed 's/#.*//; /^[[:space:]]*$/d' bench/budget.txt)
[ "$findings" -eq 0 ]
