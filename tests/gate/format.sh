#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every C file is as clang-format leaves it.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

c_files | xargs -r clang-format --dry-run -Werror --style=file
