#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# count.sh LOG STATUS: prints "N passed, N failed" for a ctest log, and ctest's exit status. A Criterion program counts as many cases as it reports,
# anything else as one. A program that failed counts at least one failure, whatever it reported (a sanitizer may
# speak up after the last case), and so does one without a single case, and whatever only ctest noticed.
set -euo pipefail

awk -v status="$2" '
	/Testing: / { open = 1; reported = 0; cases = good = 0 }
	open && /Synthesis: Tested: / {
		gsub(/\033\[[0-9;]*m/, "")
		reported = 1
		for (i = 1; i < NF; i++) {
			if ($i == "Tested:") cases += $(i + 1)
			if ($i == "Passing:") good += $(i + 1)
		}
	}
	open && /^Test (Passed|Failed)/ {
		ok = /^Test Passed/
		if (!reported) { cases = 1; good = ok }
		if (cases == 0) cases = 1
		if (!ok && good == cases) good--
		passed += good
		failed += cases - good
		open = 0
	}
	END {
		if (open || NR == 0 || (status && !failed)) failed++
		printf "%d passed, %d failed\n", passed, failed
	}
' "$1"
