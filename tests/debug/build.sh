#!/bin/sh
# Makes the fixtures of this directory from src/: by the C compiler of the PyPI package `ziglang` (0.17.0 was used) and
# by rustc (1.95, with the target wasm32-wasip1). Run it in this directory, with PYTHON naming an interpreter that has
# the package. Fixtures are committed, so that the tests need no compiler; run this after a change in src/ only.
set -eu
python=${PYTHON:-python3}
here=$(pwd)
c() {
    "$python" -m ziglang cc --target=wasm32-wasi -g -std=c11 -Wall -Wextra -Werror -fno-sanitize=undefined \
        -ffreestanding -nostdlib -ffile-prefix-map="$here"/= -ffile-prefix-map="$here"=. "$@"
}
c -O0 src/list.c -o list.wasm
c -O1 src/list.c -o list-optimized.wasm
# Linked by hand, so that nothing of Rust's library comes with it.
rustc --edition=2024 -g -Copt-level=0 -Cpanic=abort -Coverflow-checks=off --target wasm32-wasip1 --emit=obj \
    --remap-path-prefix="$here"/= --remap-path-prefix="$here"=. src/shapes.rs -o shapes.o
"$(rustc --print sysroot)"/lib/rustlib/*/bin/rust-lld -flavor wasm --no-entry --export=_start --stack-first \
    --allow-undefined shapes.o -o shapes.wasm
rm shapes.o
chmod -x ./*.wasm
