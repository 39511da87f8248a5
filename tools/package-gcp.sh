#!/usr/bin/env bash
# Packs one function for Google Cloud: tools/package-gcp.sh gcp-ingest build
# writes build/gcp-ingest.zip, with the same bytes every time.
#
# Google's builder compiles the package at the root of the archive, and it reads
# every Go file there, tests included. So the archive is the module with the
# function at its root, and of shared/ just what the function imports: go list
# names the files, without tests and their data. go.mod loses its toolchain line:
# the builder has a Go of its own and must not look for another.
set -euo pipefail

# What the caller's environment says about Go, zip and cd must not change the
# bytes; a go.work around a fork is another module's business.
unset CDPATH ZIP ZIPOPT
export GOWORK=off GOFLAGS=-mod=readonly GO111MODULE=on GOOS=linux GOARCH=amd64 CGO_ENABLED=0
cd "$(dirname "${BASH_SOURCE[0]}")/.."

function=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
stage=$out/$function
module=$(go list -m)

rm -rf "$stage" "$stage.zip"
mkdir -p "$stage"
cp go.mod go.sum LICENSE "$stage"
go mod edit -toolchain=none "$stage/go.mod"
go list -deps -f '{{if and .Module .Module.Main}}{{$p := .ImportPath}}{{range .GoFiles}}{{$p}} {{.}}
{{end}}{{range .EmbedFiles}}{{$p}} {{.}}
{{end}}{{end}}' "./functions/$function" | while read -r package file; do
	[ -n "$package" ] || continue
	folder=${package#"$module/"}
	target=$stage/$folder
	[ "$folder" != "functions/$function" ] || target=$stage
	mkdir -p "$(dirname "$target/$file")"
	cp "$folder/$file" "$target/$file"
done

find "$stage" -exec touch -d 1980-01-01T00:00:00Z {} +
find "$stage" -type f -exec chmod 644 {} +
(cd "$stage" && find . -type f | sed 's|^\./||' | LC_ALL=C sort | TZ=UTC zip -q -X -9 -@ "../$function.zip")
