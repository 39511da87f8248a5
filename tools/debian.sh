#!/usr/bin/env bash
# Takes single programs out of Debian's packages, without installing them. Elsewhere than on Debian the tests that need
# them skip.
#
#   .tools/qemu/qemu-aarch64-static   runs the arm64 bootstrap that is deployed on a machine that is not arm64; the newest
#                                     the machine knows will do, a processor's meaning does not change
#   .tools/prometheus/promtool        evaluates the queries of Google Cloud's alerts over numbers that a test gives; any
#                                     version knows the few words they use
#
# Safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# program PACKAGE FOLDER NAME
program() {
  local home=.tools/$2 work
  [ -x "$home/$3" ] && return
  if ! command -v apt-get >/dev/null; then
    echo "tools/debian.sh: no apt-get here, the tests that need $3 will skip" >&2
    return
  fi
  rm -rf "$home"
  mkdir -p "$home/package"
  work=$(mktemp -d)
  chmod 755 "$work" # apt downloads as a user of its own
  download() { (cd "$work" && apt-get download -qq "$1"); }
  download "$1" 2>/dev/null || { apt-get update -qq && download "$1"; }
  dpkg -x "$work/$1"_*.deb "$home/package"
  mv "$home/package/usr/bin/$3" "$home/"
  rm -rf "$home/package" "$work"
}

program qemu-user-static qemu qemu-aarch64-static
program prometheus prometheus promtool
