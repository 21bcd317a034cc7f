#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tidy.sh BUILD: clang-tidy, as .clang-tidy says, over what BUILD compiles, except tests (Criterion's macros expand
# to what no check likes). What was clean stays clean until the file, a header of ours that it includes, its compiler
# flags or the checks change: the hash of all of it is remembered in build/tidy.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

cache=build/tidy
version=$(clang-tidy --version)
mkdir -p "$cache/clean"

# One "file<tab>command" per line, for clang: gcc's link-time flags mean nothing to it.
entries()
{
	sed 's/ -flto=auto//g; s/ -fno-fat-lto-objects//g' "$1/compile_commands.json" | awk '
		function value() { sub(/^[^:]*: "/, ""); sub(/",?$/, ""); gsub(/\\"/, "\""); return $0 }
		/^ *"command": / { command = value() }
		/^ *"file": / { print value() "\t" command }
	' | grep -v "^$PWD/tests/"
}

# hash FILE COMMAND: of everything that the verdict depends on.
hash()
{
	local compile=${2%% -o *} headers

	headers=$($compile -MM "$1" | sed 's/^[^:]*://; s/\\$//')
	# shellcheck disable=SC2086 # a list
	{
		echo "$version" "$compile"
		sha256sum .clang-tidy $headers
	} | sha256sum | cut -d' ' -f1
}

check()
{
	local file=${1%%$'\t'*} command=${1#*$'\t'} key output

	key=$(hash "$file" "$command")
	if [ -e "$cache/clean/$key" ]; then
		return 0
	fi
	# In one piece, since several run at a time.
	if ! output=$(clang-tidy -p "$cache" --quiet "$file" 2>&1); then
		printf '%s:\n%s\n' "${file#"$PWD"/}" "$output"
		return 1
	fi
	touch "$cache/clean/$key"
}

sed 's/ -flto=auto//g; s/ -fno-fat-lto-objects//g' "$1/compile_commands.json" >"$cache/compile_commands.json"
export -f hash check
export cache version
# shellcheck disable=SC2016 # the inner shell's
entries "$1" | xargs -r -d '\n' -P "$(nproc)" -n 1 bash -c 'check "$1"' check
