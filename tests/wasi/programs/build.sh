#!/bin/sh
# Makes the fixtures of this directory: each NAME.wasm of NAME.c, by the C compiler of the PyPI package `ziglang` (0.17.0 was used). Run it in this directory,
# with PYTHON naming an interpreter that has the package. Fixtures are committed, so that the tests need no C compiler; run this after a change only.
set -eu
python=${PYTHON:-python3}
for source in *.c; do
    "$python" -m ziglang cc -O2 -s -std=c11 -Wall -Wextra -Werror -D_GNU_SOURCE --target=wasm32-wasi "$source" -o "$(basename "$source" .c).wasm"
done
