#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# outside.sh BUILD: installs BUILD below a temporary prefix, then builds and runs a program that knows nothing of this
# tree, once by pkg-config and once by CMake.
set -euo pipefail

source=$(cd "$(dirname "${BASH_SOURCE[0]}")/outside" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$1" --prefix "$scratch/usr" >"$scratch/log"
cp "$source"/* "$scratch/"
cd "$scratch"

for file in usr/include/demi/libos.h usr/include/tern/socket.h usr/share/man/man3/demi_init.3 \
	usr/share/doc/tern/LICENSE; do
	[ -f "$file" ] || { echo "$file was not installed"; exit 1; }
done

libdir=$(dirname "$(find usr -name liblibos.a)")
export PKG_CONFIG_PATH=$PWD/$libdir/pkgconfig
# shellcheck disable=SC2046 # a list of flags
gcc -Wall -Wextra -Werror program.c -o by-pkg-config $(pkg-config --cflags --libs libos)
./by-pkg-config

cmake -G Ninja -B build -DCMAKE_PREFIX_PATH="$PWD/usr" -DCMAKE_C_COMPILER=gcc >>log
cmake --build build >>log
build/by-cmake
echo "both ways work"
