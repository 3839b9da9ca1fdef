#!/bin/sh
# Makes the fixtures of this directory from src/: each NAME.wasm by clang and wasm-ld (22 were used; Debian: clang-22,
# lld-22), and what each writes by running the same source compiled natively, on pthreads. Run it in this directory;
# CLANG and LLD say where the tools are. Fixtures are committed, so that the tests need no compiler; run this after a
# change in src/ only.
set -eu
clang=${CLANG:-clang-22}
lld=${LLD:-/usr/lib/llvm-22/bin/lld}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# No contraction: a fused multiply-add rounds differently.
flags="-O2 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-function -ffp-contract=off"
for source in src/*.c; do
    name=$(basename "$source" .c)
    "$clang" $flags --target=wasm32-unknown-unknown -ffreestanding -matomics -mbulk-memory -c "$source" -o "$work/$name.o"
    "$lld" -flavor wasm "$work/$name.o" -o "$name.wasm" --strip-all --export=_start --export=wasi_thread_start \
        --import-memory --shared-memory --max-memory=67108864
    if grep -q layer.h "$source"; then
        cc $flags -pthread "$source" -o "$work/$name"
        "$work/$name" >"$name.stdout"
    fi
done
