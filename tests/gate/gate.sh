#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The gate: every check that a commit must pass, cheapest first. Called by ./run gate, which has seen to it that the
# tools are here; a tool that is missing all the same is said aloud as SKIP. Each check counts as one, each test case
# of the test runs too. All of them run even when one has failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

FUZZ_SECONDS=60
logs=build/gate
passed=0 failed=0 skipped=

mkdir -p "$logs"

# step NAME TOOLS COMMAND...: runs it. Its output goes to a log; of that, notes are shown, and all when it failed.
step()
{
	local name=$1 tools=$2 tool log=$logs/$1.log status=0 start=$SECONDS verdict=ok

	shift 2
	for tool in $tools; do
		command -v "$tool" >/dev/null || {
			echo "SKIP $name: no $tool on this machine"
			skipped+=" $name"
			return
		}
	done
	printf '%-12s ' "$name"
	"$@" >"$log" 2>&1 || status=$?
	[ "$status" -eq 0 ] || verdict=FAILED
	printf '%-6s %4d s\n' "$verdict" $((SECONDS - start))
	if [ "$status" -eq 0 ]; then
		grep -a '^\(note:\|SKIP\)' "$log" | sed 's/^/  /'
	else
		grep -av '^\[[0-9]*/[0-9]*\] [BL]' "$log" | tail -n 200
	fi
	count "$status" "$log"
}

# Adds a step's outcome: what its last line says, if it is a test run's, else one.
count()
{
	local status=$1 last good=0 bad=0

	last=$(tail -n 1 "$2")
	if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
		good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
	else
		good=$((status == 0))
	fi
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
}

# The pure parts are looked at without link-time optimisation and without debug checks.
check_pure()
{
	cmake --preset release -B build/plain -DTERN_LTO=OFF -DTERN_TESTS=OFF && cmake --build build/plain &&
		tests/gate/pure.sh build/plain
}

check_fuzz()
{
	cmake --preset fuzz && cmake --build build/fuzz && tests/gate/fuzz.sh build/fuzz "$FUZZ_SECONDS"
}

# Criterion does not run under ThreadSanitizer; the program that has threads does.
check_tsan()
{
	cmake --preset tsan && cmake --build build/tsan --target threads && build/tsan/tests/threads/threads
}

step checkers "gcc clang clang-format clang-tidy shellcheck mandoc" tests/gate/selftest.sh
step format clang-format tests/gate/format.sh
step layers "" tests/gate/layers.sh
step sizes "" tests/gate/sizes.sh
step scripts shellcheck tests/gate/scripts.sh
step docs mandoc tests/gate/docs.sh
step build gcc ./run build release
step symbols nm tests/gate/symbols.sh build/release/liblibos.a
step pure nm check_pure
step tests "" ./run test
step tests-asan "" ./run test --preset asan
step tsan gcc check_tsan
step budget valgrind tests/gate/budget.sh build/release
step tidy clang-tidy tests/gate/tidy.sh build/release
step fuzz clang check_fuzz

[ -z "$skipped" ] || echo "skipped:$skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
