#!/usr/bin/env bash
# usage: engine.sh [--dir HOST::GUEST]... [--env NAME=VALUE]... [--argv0 NAME] FILE.wasm [ARGUMENT]...
#
# Runs a module as an engine would: compiles it, unless that was done before, and starts the executable with the grants
# in its environment. For runners of other people's test suites, which call an engine. `WASMC` names the compiler,
# `WASMC_CACHE` a directory for executables; `WASMC_FLAGS` are more flags of the compiler, such as `--target aarch64`, and
# `WASMC_EMULATOR` starts what it makes, such as `qemu-aarch64-static`.
set -euo pipefail
compiler=${WASMC:-wasmc}
unset WASMC
cache=${WASMC_CACHE:-${TMPDIR:-/tmp}/wasmc-cache}
directories= variables= newline=$'\n'
while [ $# -gt 0 ]; do
  case $1 in
    --dir) directories+=$2$newline; shift 2 ;;
    --env) variables+=$2$newline; shift 2 ;;
    --argv0) export WASMC_ARG0=$2; shift 2 ;;
    --*) echo "engine.sh: unknown option $1" >&2; exit 1 ;;
    *) break ;;
  esac
done
module=$1
shift
key() { "$compiler" --version; sha256sum <"$compiler"; sha256sum <"$module"; echo "${WASMC_FLAGS:-}"; }
executable=$cache/$(key | sha256sum | cut -c1-32)
if [ ! -x "$executable" ]; then
  mkdir -p "$cache"
  "$compiler" "$module" -o "$executable" ${WASMC_FLAGS:-}
fi
[ -z "$directories" ] || export WASMC_DIR=$directories
[ -z "$variables" ] || export WASMC_ENV=$variables
exec ${WASMC_EMULATOR:-} "$executable" "$@"
