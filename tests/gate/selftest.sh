#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Do the checkers still check? Each gets a small tree that breaks its rule, and must fail with the right words, and
# the same tree mended, and must pass.
# shellcheck disable=SC2016 # what looks like a variable is meant for the small tree
set -euo pipefail

gate=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$gate/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wrong=0

# A new, empty tree to work in.
tree()
{
	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree/libos/base" "$scratch/tree/libos/buf" "$scratch/tree/include/demi" "$scratch/tree/tests"
	cd "$scratch/tree"
	cp "$source/.clang-format" "$source/.clang-tidy" .
}

# rejects WORDS CHECKER ARG...: fails, and says WORDS.
rejects()
{
	local words=$1 output

	shift
	if output=$("$gate/$1" "${@:2}" 2>&1); then
		echo "$1 let pass what it should find: $words"
	elif ! grep -qF -- "$words" <<<"$output"; then
		printf '%s failed, but did not say: %s\n%s\n' "$1" "$words" "$output"
	else
		return 0
	fi
	wrong=1
}

accepts()
{
	local output

	if ! output=$("$gate/$1" "${@:2}" 2>&1); then
		printf '%s rejected what is right:\n%s\n' "$1" "$output"
		wrong=1
	fi
}

lines()
{
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "\tx++;" }'
}

tree
echo 'int  a;' >libos/base/a.c
rejects a.c:1 format.sh
echo 'int a;' >libos/base/a.c
accepts format.sh

tree
{ printf 'void f(void)\n{\n' && lines 98 && echo '}'; } >libos/base/a.c
accepts sizes.sh
{ printf 'void f(void)\n{\n' && lines 99 && echo '}'; } >libos/base/a.c
rejects 'f(): 101 lines' sizes.sh
lines 801 >libos/base/a.c
rejects 'a.c: 801 lines' sizes.sh
lines 800 >libos/base/a.c
lines 301 >libos/base/a.h
rejects 'a.h: 301 lines' sizes.sh

tree
printf 'layer libos/base:\nlayer libos/buf: libos/base\nthird numa.h x/*: libos/buf\n' >tests/layers.txt
printf '#include <stdio.h>\n#include "libos/base/b.h"\n#include <numa.h>\n' >libos/buf/a.c
accepts layers.sh
printf '#include "libos/buf/b.h"\n' >libos/base/a.c
rejects 'a.c:1: libos/base may not include libos/buf/b.h' layers.sh
echo 'exempt libos/base/a.c: libos/buf/b.h' >>tests/layers.txt
accepts layers.sh
printf '#  include <x/y.h>\n' >libos/base/a.c
rejects 'x/y.h belongs to libos/buf' layers.sh
rejects 'no longer needs' layers.sh
mkdir libos/new && : >libos/new/a.c && echo 'int a;' >libos/new/b.h
rejects 'libos/new/b.h: no layer' layers.sh

tree
echo 'int demi_a(int x);' >include/demi/a.h
printf 'int demi_a(int x)\n{\n\treturn x;\n}\n' >a.c
gcc -c a.c && ar rc a.a a.o
accepts symbols.sh a.a
rejects 'no page docs/man/demi_a.3' docs.sh
mkdir -p docs/man
printf '.Dd today\n.Dt DEMI_A 3\n.Os\n.Sh NAME\n.Nm demi_a\n.Nd a\n' >docs/man/demi_a.3
accepts docs.sh
printf '.Sh NAME\n.Bogus\n' >>docs/man/demi_a.3
rejects Bogus docs.sh
echo 'int tern_b(void);' >include/demi/b.h
rejects 'tern_b is declared' symbols.sh a.a
echo 'int hidden;' >>a.c
gcc -c a.c && ar rc a.a a.o
rejects 'hidden is visible' symbols.sh a.a

tree
printf 'extern int helper(int);\nint f(int x)\n{\n\treturn helper(x);\n}\n' >a.c
gcc -c a.c && ar rc a.a a.o
echo 'a.a(a.o): helper' >pure.txt
accepts pure.sh . pure.txt
echo 'a.a: memcpy' >pure.txt
rejects 'refers to helper' pure.sh . pure.txt
printf 'b.a:\na.a: helper\n' >pure.txt
rejects 'b.a is not in' pure.sh . pure.txt

tree
printf '#!/bin/sh\nif true; then\n' >run
rejects 'run: does not parse' scripts.sh
echo 'rm $1' >run.sh
rejects SC2086 scripts.sh
rm run.sh
printf '#!/bin/sh\nexit 0\n' >run
accepts scripts.sh

tree
entry='[\n{\n"directory": "%s",\n"command": "gcc -flto=auto -I%s -o a.o -c %s",\n"file": "%s"\n}\n]\n'
a=$PWD/libos/base/a.c
# shellcheck disable=SC2059 # a format on purpose
printf "$entry" "$PWD" "$PWD" "$a" "$a" >compile_commands.json
echo 'static const int zero = 0;' >libos/base/a.h
printf '#include "libos/base/a.h"\nint f(int x)\n{\n\treturn zero ? x / zero : 1;\n}\n' >libos/base/a.c
accepts tidy.sh .
accepts tidy.sh .
printf 'static const int zero = 0;\n#define zero 0\nint g(int x);\nstatic int h(int x)\n{\n\treturn x - x;\n}\n' \
	>libos/base/a.h
rejects 'misc-redundant-expression' tidy.sh .

tree
printf '#include <stdint.h>\n#include <stddef.h>\nint LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);\n' >a.c
printf 'int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)\n{\n\treturn 0;\n}\n' >>a.c
rejects 'no fuzzers' fuzz.sh . 1
clang -fsanitize=fuzzer a.c -o fuzz_a
accepts fuzz.sh . 1
sed -i 's/return 0/return n > 3 ? __builtin_trap(), 0 : 0/' a.c
clang -fsanitize=fuzzer a.c -o fuzz_a
rejects 'the input in base64' fuzz.sh . 1

# What ctest writes, cut short.
tree
printf '1/1 Testing: a\n[====] Synthesis: Tested: 7 | Passing: 5 | Failing: 1 | Crashing: 1 \nTest Failed.\n' >log
printf '2/2 Testing: b\n[====] Synthesis: Tested: 3 | Passing: 3 | Failing: 0 | Crashing: 0 \nTest Failed.\n' >>log
printf '3/3 Testing: c\nTest Passed.\n' >>log
[ "$("$gate/count.sh" log 8)" = '8 passed, 3 failed' ] || { echo "count.sh miscounts"; wrong=1; }
printf '3/3 Testing: c\nTest Passed.\n' >log
[ "$("$gate/count.sh" log 8)" = '1 passed, 1 failed' ] || { echo "count.sh ignores ctest's status"; wrong=1; }

exit $wrong
