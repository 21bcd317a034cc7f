# SPDX-License-Identifier: MIT
# Shared by the checkers: they work on the current directory, so that selftest.sh can point them at a small tree.

# The files that belong to the tree and match the given patterns, whether committed yet or not.
tree_files()
{
	if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
		git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ ! -f "$f" ] || echo "$f"; done
	else
		# An unpacked archive.
		find . -path ./build -prune -o -type f -print | sed 's#^\./##' | while read -r f; do
			for pattern in "$@"; do
				# shellcheck disable=SC2053 # a pattern on purpose
				[[ $f != $pattern ]] || echo "$f"
			done
		done
	fi | LC_ALL=C sort -u
}

c_files()
{
	tree_files '*.c' '*.h'
}

# fail MESSAGE: one finding; the checker ends with [ "$findings" -eq 0 ].
findings=0
fail()
{
	echo "$*"
	findings=$((findings + 1))
}

# Functions that the public headers declare, "name header" per line: a name at the end of a return type, then "(".
public_functions()
{
	local header

	for header in include/demi/*.h include/tern/*.h; do
		[ ! -f "$header" ] ||
			sed -nE "/typedef/d; s#^[a-z][a-z0-9_ ]*[ *]((demi|tern)_[a-z0-9_]+)\(.*#\1 $header#p" "$header"
	done
}
