#!/usr/bin/env bash
# usage: exceptions.sh WITH WITHOUT [ROUNDS=5]
#
# C++ exceptions beside native ones, and what a program pays that does not throw. WITH and WITHOUT are commands that
# compile exceptions.cpp to Wasm, with exceptions and without, where @IN and @OUT stand for the files, such as
# 'clang++ --target=wasm32-wasip1 -fwasm-exceptions -O2 @IN -o @OUT'. `WASMC` names our compiler.
#
# Prints, for each part, the least nanoseconds of a round, and the ratios. All are run in turn, ROUNDS times.
set -euo pipefail
with=$1
without=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

compile() { eval "$(sed "s|@IN|$here/exceptions.cpp|g; s|@OUT|$2|g" <<<"$1")"; }
compile "$with" with.wasm
compile "$without" without.wasm
"${WASMC:-wasmc}" with.wasm -o with
"${WASMC:-wasmc}" without.wasm -o without
g++ -O2 -static "$here/exceptions.cpp" -o native

for ((round = 1; round <= ${ROUNDS:-5}; round++)); do
  for part in near:200000 deep:300 rethrow:20000 quiet:3000; do
    for program in native with without; do
      [ "$program" != without ] || [ "${part%:*}" = quiet ] || continue
      ./"$program" "${part%:*}" "${part#*:}" >"$program.out" 2>time
      [ "$program" = native ] || cmp native.out "$program.out"
      echo "${part%:*} $program $(cat time)"
    done
  done
done | sort -k1,2 -k3n | awk '
  !(($1, $2) in least) { least[$1, $2] = $3 }
  END {
    split("near deep rethrow quiet", parts, " ")
    for (i = 1; i <= 4; i++) {
      p = parts[i]
      printf "%-8s native %10.0f  wasmc %10.0f  ratio %.2f", p, least[p, "native"], least[p, "with"], least[p, "with"] / least[p, "native"]
      if ((p, "without") in least) printf "  without exceptions %.0f  ratio %.3f", least[p, "without"], least[p, "with"] / least[p, "without"]
      print ""
    }
  }'
