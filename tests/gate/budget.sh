#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# budget.sh BUILD-FOLDER: no load of bench/budget.txt costs more instructions per operation than its line allows. They
# are counted, not timed: the same on any machine, however busy.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

program=$1/bench/instruction_budget
few=200 many=700

# count LOAD N: instructions of a whole run.
count()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
		sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

while read -r load limit; do
	less=$(count "$load" "$few")
	more=$(count "$load" "$many")
	if [ -z "$less" ] || [ -z "$more" ]; then
		fail "$load: could not be counted"
		continue
	fi
	price=$(((more - less) / (many - few)))
	echo "note: $load: $price of $limit instructions"
	[ "$price" -gt 0 ] || fail "$load: $price instructions an operation cannot be"
	[ "$price" -le "$limit" ] || fail "$load: $price instructions an operation; bench/budget.txt allows $limit"
done < <(sed 's/#.*//; /^[[:space:]]*$/d' bench/budget.txt)
[ "$findings" -eq 0 ]
