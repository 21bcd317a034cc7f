#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sizes of files and functions, in lines: beyond the first limit the reader asks why, beyond the second the gate stops.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

mapfile -t files < <(c_files)
[ ${#files[@]} -gt 0 ] || exit 0

# clang-format puts a function's braces alone into the first column, and nothing else's.
awk '
	function judge(what, n, ask, stop) {
		if (n > stop) {
			print what ": " n " lines, the limit is " stop
			bad = 1
		} else if (n > ask) {
			print "note: " what ": " n " lines, more than " ask
		}
	}
	function end_of_file() {
		if (file != "")
			judge(file, lines, file ~ /\.h$/ ? 150 : 500, file ~ /\.h$/ ? 300 : 800)
	}
	FNR == 1 { end_of_file(); file = FILENAME; start = 0 }
	{ lines = FNR }
	/^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/^\{$/ { start = FNR }
	/^\}$/ && start { judge(file ":" start ": " name "()", FNR - start + 1, 60, 100); start = 0 }
	END { end_of_file(); exit bad }
' "${files[@]}"
