#!/usr/bin/env bash
# Makes the environment of an adapter and runs its demonstration: run.sh labgrid|jumpstarter [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1 python=${2:-python3}
env="build/adapters/$name"
if [ ! "$env/made" -nt "adapters/$name/pyproject.toml" ]; then
  rm -rf "$env"
  "$python" -m venv "$env"
  programs=$([ "$name" != jumpstarter ] || echo "[jmp]") # of Jumpstarter; labgrid brings its own
  "$env/bin/pip" install --quiet --disable-pip-version-check pytest adapters/client "adapters/$name$programs"
  touch "$env/made"
fi
export ONBOARD_HIL="${ONBOARD_HIL:-$PWD/.venv/bin/hil}" SKBUILD_EDITABLE_VERBOSE=0
export PYTHONPATH="$PWD/adapters:$PWD/adapters/client:$PWD/adapters/$name"
"$env/bin/python" -m pytest -q -s -p no:labgrid -p no:cacheprovider -c /dev/null --rootdir="adapters/$name" "adapters/$name"
