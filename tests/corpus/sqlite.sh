#!/usr/bin/env bash
# usage: sqlite.sh DIRECTORY-OF-SQLITE3.C COMPILER... [ROUNDS=10]
#
# SQLite on a database in a file: 100 000 rows, reopened and verified, then killed in the middle of a transaction and
# recovered, ROUNDS times. COMPILER compiles C to Wasm with WASI, such as `python3 -m ziglang cc --target=wasm32-wasi`.
# `WASMC` names our compiler.
set -euo pipefail
sqlite=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir data
"$@" -O2 -s -I"$sqlite" "$here/sqlite.c" "$sqlite/sqlite3.c" -o sqlite.wasm \
  -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -D_WASI_EMULATED_MMAN -D_WASI_EMULATED_GETPID \
  -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -lwasi-emulated-mman -lwasi-emulated-getpid \
  -lwasi-emulated-signal -lwasi-emulated-process-clocks
"${WASMC:-wasmc}" sqlite.wasm -o program --dir data::/data
unset WASMC

./program create /data/t.db 100000
./program verify /data/t.db | tee expected
grep -qx 'rows 100000' expected && grep -qx 'distinct states 1' expected && grep -qx 'integrity ok' expected

in_transaction=0
for ((round = 1; round <= ${ROUNDS:-10}; round++)); do
  ./program update /data/t.db >log &
  process=$!
  # Until so many transactions have begun, and then a little into the second half of one.
  while [ "$(wc -l <log)" -lt $((round % 3 + 1)) ]; do sleep 0.01; done
  sleep 0.0$((round % 10))
  kill -KILL "$process"
  wait "$process" 2>/dev/null || true
  if [ -s data/t.db-journal ]; then in_transaction=$((in_transaction + 1)); fi
  ./program verify /data/t.db | cmp - expected
done
echo "killed ${ROUNDS:-10} times, $in_transaction of them in a transaction: recovered each time"
[ "$in_transaction" -gt 0 ]
