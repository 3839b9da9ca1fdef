#!/usr/bin/env bash
# Builds what a release consists of: for each architecture a static `wasmc` with the runtime libraries of all of them, as
# an archive and as a Debian package.
#
#   packaging/release.sh [ARCHITECTURE…]     x86_64 and aarch64 if none is named; the results are in target/packages
#
# Needs rustup's targets *-unknown-linux-musl, which it installs if they are missing, and no C compiler: the musl targets
# have their own start-up objects, and rustup's Rust has a linker. The packages need Debian's dpkg-deb.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
build=${CARGO_TARGET_DIR:-$root/target}
packages=$build/packages
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
# Everything in archives and packages has the time of the last commit, so that they can be built again byte by byte.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

has_library() { ls "$(rustc --print target-libdir --target "$1")"/libstd-* >/dev/null 2>&1; }

# Fails if the file needs another one to run: it would name an interpreter, or libraries.
check_static() {
  if LC_ALL=C readelf --wide --program-headers --dynamic "$1" | grep -E 'INTERP|\(NEEDED\)'; then
    echo "$1 is not static" >&2
    return 1
  fi
}

build_wasmc() {
  local target=$1-unknown-linux-musl name
  has_library "$target" || rustup target add "$target"
  name=$(tr 'a-z-' 'A-Z_' <<<"$target")
  # Paths of this machine are nobody's business.
  env "CARGO_TARGET_${name}_LINKER=rust-lld" \
    CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$root=wasmc"$'\x1f'"--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" \
    CARGO_PROFILE_RELEASE_STRIP=symbols \
    cargo build --release --locked --package wasmc --bin wasmc --target "$target" --target-dir "$build"
  check_static "$build/$target/release/wasmc"
}

# What is beside the command: manual pages and completions, which this machine's wasmc prints.
documents() {
  local wasmc=$1 share=$2 shell
  mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/vendor-completions" \
    "$share/fish/vendor_completions.d" "$share/doc/wasmc"
  "$wasmc" man --dir "$share/man/man1"
  "$wasmc" completions bash >"$share/bash-completion/completions/wasmc"
  "$wasmc" completions zsh >"$share/zsh/vendor-completions/_wasmc"
  "$wasmc" completions fish >"$share/fish/vendor_completions.d/wasmc.fish"
  cp README.md docs/cli.md "$share/doc/wasmc/"
  cp packaging/copyright "$share/doc/wasmc/copyright"
  gzip -9n <CHANGELOG.md >"$share/doc/wasmc/changelog.gz"
  gzip -9n "$share"/man/man1/*.1
}

# All that is below a directory, with one time and root as its owner.
archive() {
  tar --create --gzip --file "$2" --directory "$(dirname "$1")" --sort=name --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" "$(basename "$1")"
}

package() {
  local architecture=$1 wasmc=$2 debian
  case $architecture in x86_64) debian=amd64 ;; aarch64) debian=arm64 ;; esac
  local binary=$build/$architecture-unknown-linux-musl/release/wasmc
  local tree=$packages/tree-$architecture
  rm -rf "$tree"
  install -D -m 755 "$binary" "$tree/usr/bin/wasmc"
  documents "$wasmc" "$tree/usr/share"

  local name=wasmc-$version-$architecture-linux
  rm -rf "${packages:?}/$name"
  cp -r "$tree/usr" "$packages/$name"
  cp LICENSE "$packages/$name/"
  archive "$packages/$name" "$packages/$name.tar.gz"
  rm -rf "${packages:?}/$name"

  mkdir "$tree/DEBIAN"
  sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$debian/" \
    -e "s/@SIZE@/$(du -ks "$tree/usr" | cut -f1)/" packaging/control >"$tree/DEBIAN/control"
  (cd "$tree" && find usr -type f | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums)
  chmod -R u=rwX,go=rX "$tree"
  dpkg-deb --root-owner-group -Zxz --build "$tree" "$packages/wasmc_${version}_$debian.deb" >/dev/null
  rm -rf "$tree"
}

architectures=("$@")
if [ ${#architectures[@]} -eq 0 ]; then architectures=(x86_64 aarch64); fi
for architecture in "${architectures[@]}"; do build_wasmc "$architecture"; done

# The one that runs here makes the documents; without it, whatever wasmc there is.
own=$build/$(uname -m)-unknown-linux-musl/release/wasmc
if ! [ -x "$own" ]; then build_wasmc "$(uname -m)"; fi
mkdir -p "$packages"
for architecture in "${architectures[@]}"; do package "$architecture" "$own"; done
(cd "$packages" && sha256sum -- *.tar.gz *.deb >SHA256SUMS && cat SHA256SUMS)
