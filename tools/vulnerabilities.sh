#!/usr/bin/env bash
# Known vulnerabilities in what is called: tools/vulnerabilities.sh https://vuln.go.dev
#
# Where that database cannot be reached, its entries come as a Go module over the
# module proxy: golang.org/x/vulndb. Without either nothing is checked, and with
# REQUIRE_ALL=true that is an error.
#
# The Go that counts is the one go.mod names, or a newer one that is in use: with
# GOTOOLCHAIN=local an older one builds here, which the repository cannot mend.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

database=$1
if ! curl -sf -m 10 -o /dev/null "$database/index/db.json"; then
	echo "$database cannot be reached, asking the module proxy for golang.org/x/vulndb"
	if ! version=$(go list -m -f '{{.Version}}' golang.org/x/vulndb@latest) || ! go mod download "golang.org/x/vulndb@$version"; then
		echo "known vulnerabilities: neither can be reached, nothing was checked" >&2
		[ "${REQUIRE_ALL:-}" != true ]
		exit
	fi
	# A folder of entries without the database's index is enough for govulncheck.
	database=file://$(go list -m -f '{{.Dir}}' "golang.org/x/vulndb@$version")/data/osv
	echo "known vulnerabilities as of $version"
fi

here=$(go env GOVERSION)
GOVERSION=$(printf '%s\n' "$here" "$(awk '$1 == "toolchain" { print $2 }' go.mod)" | sort -V | tail -1)
export GOVERSION # govulncheck reads it
if [ "$GOVERSION" != "$here" ]; then
	echo "go.mod names $GOVERSION, which is checked; $here is in use and may have what $GOVERSION has not" >&2
fi
go tool -modfile=tools/go.mod govulncheck -db "$database" ./...
