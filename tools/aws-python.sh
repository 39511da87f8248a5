#!/usr/bin/env bash
# Installs the Python tools that check the AWS templates, each in a virtual environment of its own, because their pins
# contradict one another:
#
#   .tools/cfn/bin/cfn-lint         lints template.yaml; python3 there has samtranslator, which does what `sam deploy` does to it
#   .tools/sam/bin/sam              sam validate, sam build, sam local
#   .tools/moto/bin/moto_server     a local AWS, good enough to apply Terraform to
#
# With names as arguments (tools/aws-python.sh moto), just those. Safe to run again: an environment that has the pinned
# versions is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p .tools
wanted=" ${*:-cfn sam moto} "

# environment NAME REQUIREMENT...: a stamp with the pins tells a finished environment from a broken or older one.
environment() {
  [[ $wanted == *" $1 "* ]] || return 0
  local venv=.tools/$1; shift
  [ "$(cat "$venv/pins" 2>/dev/null)" = "$*" ] && return
  rm -rf "$venv"
  python3 -m venv "$venv"
  tools/ticking.sh "pip install $*: a minute or two" "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
  echo "$*" >"$venv/pins"
}

environment cfn cfn-lint==1.58.0 aws-sam-translator==1.115.0
environment sam aws-sam-cli==1.170.0
environment moto 'moto[server]==5.2.5'
