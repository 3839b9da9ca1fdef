#!/bin/sh
# Makes the fixtures of this directory from src/: each NAME.wasm by the C compiler of the PyPI package `ziglang` (0.17.0
# was used) or by rustc (1.96, with the target wasm32-wasip1), and what each writes and its status by running the same
# source compiled natively by it. Run it in this directory, with PYTHON naming an interpreter that has the package.
# Fixtures are committed, so that the tests need no compiler; run this after a change in src/ only.
set -eu
python=${PYTHON:-python3}
native=$(mktemp -d)
trap 'rm -rf "$native"' EXIT
# No contraction: a fused multiply-add rounds differently.
flags="-O2 -s -std=c11 -Wall -Wextra -Werror -ffp-contract=off"
for source in src/*; do
    name=$(basename "$source" | sed 's/\.[a-z]*$//')
    case $source in
    *.c)
        simd=
        if [ "$name" = simd ]; then simd=-msimd128; fi
        "$python" -m ziglang cc $flags $simd --target=wasm32-wasi "$source" -o "$name.wasm"
        "$python" -m ziglang cc $flags --target=x86_64-linux-musl "$source" -o "$native/$name"
        ;;
    *.rs)
        options="--edition=2024 -Copt-level=s -Clto=fat -Cpanic=abort -Cstrip=symbols"
        rustc $options --target wasm32-wasip1 "$source" -o "$name.wasm"
        # The standard library's panics name files of the machine that built it: as long, but of no machine.
        perl -0pi -e 's{/[^\0]*?/registry/src/[^/]*/}{"/rust/deps" . "/" x (length($&) - 10)}ge' "$name.wasm"
        rustc $options "$source" -o "$native/$name"
        ;;
    esac
    arguments=
    if [ -f "$name.args" ]; then arguments=$(cat "$name.args"); fi
    input=/dev/null
    if [ -f "$name.stdin" ]; then input=$name.stdin; fi
    status=0
    # The arguments are words.
    env -i "$native/$name" $arguments <"$input" >"$name.stdout" 2>"$name.stderr" || status=$?
    if [ "$status" = 0 ]; then rm -f "$name.status"; else echo "$status" >"$name.status"; fi
    if [ ! -s "$name.stderr" ]; then rm "$name.stderr"; fi
done
