#!/usr/bin/env bash
# Installs qemu-aarch64-static into .tools/qemu: tests run the arm64 bootstrap that is deployed on a machine that is not
# arm64. It is taken out of Debian's package without installing it; the newest the machine knows will do, a processor's
# meaning does not change. Elsewhere than on Debian the tests that need it skip.
#
# Safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

home=.tools/qemu
[ -x $home/qemu-aarch64-static ] && exit
if ! command -v apt-get >/dev/null; then
  echo "tools/qemu.sh: no apt-get here, the arm64 test will skip" >&2
  exit
fi
rm -rf $home
mkdir -p $home/package
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt downloads as a user of its own
download() { (cd "$work" && apt-get download -qq qemu-user-static); }
download 2>/dev/null || { apt-get update -qq && download; }
dpkg -x "$work"/qemu-user-static_*.deb $home/package
mv $home/package/usr/bin/qemu-aarch64-static $home/
rm -rf $home/package
