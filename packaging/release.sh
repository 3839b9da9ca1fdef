#!/usr/bin/env bash
# Builds what a release consists of: for each architecture a static `wasmc` with the runtime libraries of all of them, as
# an archive and as a Debian package, in target/packages.
#
#   packaging/release.sh [ARCHITECTURE…]     x86_64 and aarch64 if none is named
#
# Needs rustup, whose targets *-unknown-linux-musl it installs if they are missing, and no C compiler: these targets have
# start-up objects and a C library of their own, and rustup's Rust has a linker.
set -euo pipefail
cd "$(dirname "$0")/.."
target_directory=${CARGO_TARGET_DIR:-$PWD/target}

build() {
  local target=$1-unknown-linux-musl name
  name=$(tr 'a-z-' 'A-Z_' <<<"$target")
  # Where the checkout and the crates lie is nobody's business.
  local flags=("--remap-path-prefix=$PWD=wasmc" "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo")
  local IFS=$'\x1f'
  env "CARGO_TARGET_${name}_LINKER=rust-lld" CARGO_ENCODED_RUSTFLAGS="${flags[*]}" CARGO_PROFILE_RELEASE_STRIP=symbols \
    cargo build --release --locked --package wasmc --bin wasmc --target "$target" --target-dir "$target_directory"
}

binary() { echo "$target_directory/$1-unknown-linux-musl/release/wasmc"; }

# Fails if the file needs others to run: it would name an interpreter, or libraries.
check_static() {
  local headers
  headers=$(LC_ALL=C readelf --wide --program-headers --dynamic "$1")
  if grep -E 'INTERP|\(NEEDED\)' <<<"$headers"; then
    echo "$1 is not static" >&2
    return 1
  fi
}

all=(x86_64 aarch64)
architectures=("$@")
if [ ${#architectures[@]} -eq 0 ]; then architectures=("${all[@]}"); fi
# Each holds the runtime libraries of all, whose core library comes with these.
for architecture in "${all[@]}"; do
  target=$architecture-unknown-linux-musl
  ls "$(rustc --print target-libdir --target "$target")"/libstd-* >/dev/null 2>&1 || rustup target add "$target"
done
# The one that runs here prints manual pages and completions.
own=$(uname -m)
for architecture in $(printf '%s\n' "$own" "${architectures[@]}" | sort -u); do
  build "$architecture"
  check_static "$(binary "$architecture")"
done
image=$(mktemp)
trap 'rm -f "$image"' EXIT
"$(binary "$own")" examples/hello.wat --emit oci --target x86_64 --target aarch64 -o - >"$image" || : >"$image"
if ! [ -s "$image" ]; then
  echo "$(binary "$own") lacks a runtime library" >&2
  exit 1
fi
# What is left of another release is no part of this one.
rm -f "$target_directory"/packages/{*.tar.gz,*.deb,SHA256SUMS}
for architecture in "${architectures[@]}"; do
  packaging/package.sh "$(binary "$architecture")" "$architecture" "$target_directory/packages" "$(binary "$own")"
done
(cd "$target_directory/packages" && sha256sum -- *.tar.gz *.deb | tee SHA256SUMS)
