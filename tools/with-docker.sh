#!/usr/bin/env bash
# Runs a command with a Docker engine at hand: tools/with-docker.sh make test-aws-sam
#
# Where one answers, that is it. Else, on Debian as root, Debian's own is installed (docker.io) and runs as long as the
# command, in a folder that is removed afterwards. Nothing is pulled for it: the base image of `sam local` is made of
# Debian's busybox, in which a Go function and SAM's emulator run as in Amazon's, and SAM is told to take it as it is.
# Where no engine can be started the command runs without.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

answers() { curl -sf -m 5 -o /dev/null --unix-socket "$1" http://docker/_ping; }

answers /var/run/docker.sock && exec "$@"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "tools/with-docker.sh: no Docker answers, and only root can install Debian's" >&2
  exec "$@"
fi

[[ -x /usr/bin/docker && -x /bin/busybox ]] || tools/ticking.sh "Debian's docker.io, once" bash -c \
  'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io busybox-static >/dev/null'

home=$(mktemp -d)
socket=$home/docker.sock
dockerd --host "unix://$socket" --data-root "$home/data" --exec-root "$home/exec" --pidfile "$home/pid" >"$home/log" 2>&1 &
engine=$!
stop() {
  kill "$engine" 2>/dev/null || true
  wait "$engine" || true
  rm -rf "$home"
}
trap stop EXIT
until answers "$socket"; do
  if ! kill -0 "$engine" 2>/dev/null; then
    echo "tools/with-docker.sh: the engine cannot be started here: $(tail -1 "$home/log")" >&2
    "$@"
    exit
  fi
  sleep 0.5
done
export DOCKER_HOST=unix://$socket SAM_SKIP_PULL_IMAGE=true

mkdir -p "$home/base"/{bin,tmp,var/task}
cp /bin/busybox "$home/base/bin/"
for name in sh mv chmod; do ln -s busybox "$home/base/bin/$name"; done
machine=$(uname -m)
tar -C "$home/base" -c . | /usr/bin/docker import -c 'WORKDIR /var/task' - "public.ecr.aws/lambda/provided:al2023-${machine/aarch64/arm64}" >/dev/null
"$@"
