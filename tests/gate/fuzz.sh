#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuzz.sh BUILD SECONDS: runs every fuzzer of BUILD, SECONDS in total, from the seeds in tests/fuzz/corpus/NAME. What
# they find interesting is kept in build/corpus, so that the next run goes on from there; an input that makes one fail
# is shown so that it can be carried home from a log.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

build=$1 seconds=$2

mapfile -t fuzzers < <(find "$build" -type f -name 'fuzz_*' -perm -u+x | LC_ALL=C sort)
[ ${#fuzzers[@]} -gt 0 ] || { echo "no fuzzers in $build"; exit 1; }
each=$((seconds / ${#fuzzers[@]}))
[ "$each" -gt 0 ] || each=1
for fuzzer in "${fuzzers[@]}"; do
	name=${fuzzer##*/fuzz_}
	corpus=build/corpus/$name
	crash=build/crash/$name
	seeds=tests/fuzz/corpus/$name
	rm -rf "$crash"
	mkdir -p "$corpus" "$crash"
	[ -d "$seeds" ] || seeds=
	if "$fuzzer" "$corpus" ${seeds:+"$seeds"} -max_total_time="$each" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$crash/" >"$crash/log" 2>&1; then
		echo "$name: $(grep -a '^Done ' "$crash/log" || true)"
		continue
	fi
	tail -n 60 "$crash/log"
	fail "$name: failed after at most $each s"
	for input in "$crash"/*-*; do
		[ -f "$input" ] || continue
		echo "reproduce with: $fuzzer $input"
		echo "the input in base64:"
		base64 "$input"
	done
done
[ "$findings" -eq 0 ]
