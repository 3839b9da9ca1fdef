#!/bin/sh
# Makes the fixtures of this directory: each NAME.wasm of NAME.c, by the C compiler of the PyPI package `ziglang` (0.17.0 was used). Run it in this directory,
# with PYTHON naming an interpreter that has the package. Fixtures are committed, so that the tests need no C compiler; run this after a change only.
set -eu
python=${PYTHON:-python3}
for source in *.c; do
    # Threads: as those in ../../threads, whose build.sh says more of the tools.
    if [ "$source" = races.c ]; then
        "${CLANG:-clang-22}" -O2 -std=gnu11 -Wall -Wextra -Werror -Wno-unused-function --target=wasm32-unknown-unknown -ffreestanding -matomics -mbulk-memory \
            -c "$source" -o races.o
        "${LLD:-/usr/lib/llvm-22/bin/lld}" -flavor wasm races.o -o races.wasm --strip-all --export=_start --export=wasi_thread_start --import-memory --shared-memory \
            --max-memory=67108864
        rm races.o
        continue
    fi
    "$python" -m ziglang cc -O2 -s -std=c11 -Wall -Wextra -Werror -D_GNU_SOURCE --target=wasm32-wasi "$source" -o "$(basename "$source" .c).wasm"
done
