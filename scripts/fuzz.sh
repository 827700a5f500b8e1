#!/usr/bin/env bash
# fuzz.sh TAGS TIME: runs each fuzz target of the module for TIME.
set -eu
grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | while read -r target; do
		echo "== $dir $target"
		go test -tags "$1" -run '^$' -fuzz "^$target\$" -fuzztime "$2" "$dir"
	done
done
