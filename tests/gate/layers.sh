#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Holds the #include graph to tests/layers.txt, which says what the rules mean.
set -euo pipefail
# shellcheck source=tests/gate/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

mapfile -t files < <(c_files | grep -E '^(libos|include|tcpmig|switch-p4|apps|bench)/' || true)

awk '
	function rule(    key) {
		sub(/#.*/, "")
		if (!NF)
			return
		key = $0
		sub(/:.*/, "", key)
		sub(/^[a-z]+ */, "", key)
		if ($0 !~ /:/)
			complain("tests/layers.txt:" FNR ": no colon")
		sub(/^[^:]*: */, "")
		return key
	}
	function complain(text) { print text; bad = 1 }
	# The longest listed folder that holds @path.
	function layer_of(path) {
		while (sub(/\/[^\/]*$/, "", path))
			if (path in layer)
				return path
		return ""
	}
	# Is @path one of the space-separated files and folders of @list, or inside one?
	function within(path, list,    n, i, part) {
		n = split(list, part, " ")
		for (i = 1; i <= n; i++)
			if (path == part[i] || index(path, part[i] "/") == 1)
				return 1
		return 0
	}
	function exempted(file, what) {
		if (!within(what, exempt[file]))
			return 0
		used[file, what] = 1
		return 1
	}
	# What an include line names, as a path in the tree; "" for what is not ours.
	function ours(name, file) {
		if (name ~ /^(libos|tcpmig|switch-p4|apps|bench|tests)\//)
			return name
		if (name ~ /^(demi|tern)\//)
			return "include/" name
		if (quoted && name !~ /\//) {
			sub(/[^\/]*$/, "", file)
			return file name
		}
		return ""
	}
	function check(file, name,    path, own, i, n, pattern) {
		own = layer_of(file)
		path = ours(name, file)
		if (path != "") {
			if (layer_of(path) != own && !within(path, layer[own]) && !exempted(file, name))
				complain(file ":" FNR ": " own " may not include " name)
			return
		}
		for (pattern in third)
			if (name ~ pattern && !within(file, third[pattern]) && !exempted(file, name))
				complain(file ":" FNR ": " name " belongs to " (third[pattern] ? third[pattern] : "the tests"))
	}
	FILENAME == "tests/layers.txt" {
		kind = $1
		key = rule()
		if (kind == "layer") {
			layer[key] = $0
		} else if (kind == "exempt") {
			exempt[key] = exempt[key] " " $0
		} else if (kind == "third") {
			n = split(key, pattern, " ")
			for (i = 1; i <= n; i++) {
				gsub(/\./, "\\.", pattern[i])
				gsub(/\*/, ".*", pattern[i])
				third["^" pattern[i] "$"] = $0
			}
		} else if (key != "") {
			complain("tests/layers.txt:" FNR ": neither layer, third nor exempt")
		}
		next
	}
	FNR == 1 && layer_of(FILENAME) == "" { complain(FILENAME ": no layer covers this folder") }
	/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
		quoted = /include[ \t]*"/
		name = $0
		sub(/^[^<"]*[<"]/, "", name)
		sub(/[>"].*/, "", name)
		if (layer_of(FILENAME) != "")
			check(FILENAME, name)
	}
	END {
		for (file in exempt) {
			n = split(exempt[file], part, " ")
			for (i = 1; i <= n; i++)
				if (!((file, part[i]) in used))
					complain("tests/layers.txt: " file " no longer needs the exemption for " part[i])
		}
		exit bad
	}
' tests/layers.txt "${files[@]}"
