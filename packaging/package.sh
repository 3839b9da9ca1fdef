#!/usr/bin/env bash
# Puts a `wasmc` into an archive and into a Debian package, with manual pages, completions and documentation.
#
#   packaging/package.sh BINARY ARCHITECTURE DIRECTORY [WASMC]
#
# writes DIRECTORY/wasmc-VERSION-ARCHITECTURE-linux.tar.gz and DIRECTORY/wasmc_VERSION_amd64.deb (or arm64). The binary
# need not run here: WASMC, which is the binary itself if it is not given, prints manual pages and completions. The same
# input gives the same bytes: all times are SOURCE_DATE_EPOCH, or that of the last commit.
set -euo pipefail
binary=$(realpath "$1")
architecture=$2
mkdir -p "$3"
packages=$(realpath "$3")
wasmc=$(realpath "${4:-$1}")
cd "$(dirname "$0")/.."
# `export` with the assignment would hide that git failed.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
case $architecture in
x86_64) debian=amd64 ;;
aarch64) debian=arm64 ;;
*)
  echo "unknown architecture '$architecture'; there is x86_64, aarch64" >&2
  exit 2
  ;;
esac
if [ "$("$wasmc" --version)" != "wasmc $version" ]; then
  echo "$wasmc is not of version $version" >&2
  exit 1
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
umask 022

# What the crates in the binary ask to be handed on: their licences.
licences() {
  local crate name version_of directory file
  local sources=${CARGO_HOME:-$HOME/.cargo}/registry/src
  cargo tree --locked --package wasmc --edges normal --target "$architecture-unknown-linux-musl" --prefix none \
    --format '{p}|{l}' | sed 's/ (\*)$//' | grep -v ' (/' | LC_ALL=C sort -u | while IFS='|' read -r crate licence; do
    read -r name version_of _ <<<"$crate"
    printf '\n==== %s %s: %s\n' "$name" "${version_of#v}" "$licence"
    directory=$(find "$sources" -mindepth 2 -maxdepth 2 -name "$name-${version_of#v}" -print -quit)
    if [ -z "$directory" ]; then
      echo "no sources of $name ${version_of#v}, and so no licence, in $sources" >&2
      exit 1
    fi
    find "$directory" -maxdepth 1 -type f \( -iname 'licen[sc]e*' -o -iname 'copying*' -o -iname 'notice*' \) |
      LC_ALL=C sort | while read -r file; do
      printf '\n---- %s\n\n' "$(basename "$file")"
      cat "$file"
    done
  done
}

# The tree below /usr.
usr=$scratch/root/usr
documents=$usr/share/doc/wasmc
install -D -m 755 "$binary" "$usr/bin/wasmc"
mkdir -p "$documents" "$usr/share/man/man1" "$usr/share/bash-completion/completions" \
  "$usr/share/zsh/vendor-completions" "$usr/share/fish/vendor_completions.d"
"$wasmc" man --dir "$usr/share/man/man1"
"$wasmc" completions bash >"$usr/share/bash-completion/completions/wasmc"
"$wasmc" completions zsh >"$usr/share/zsh/vendor-completions/_wasmc"
"$wasmc" completions fish >"$usr/share/fish/vendor_completions.d/wasmc.fish"
cp README.md docs/*.md packaging/copyright "$documents"
cp CHANGELOG.md "$documents/changelog"
licences >"$documents/licences-of-crates"
gzip -9n "$documents/changelog" "$documents/licences-of-crates" "$usr"/share/man/man1/*.1

# The archive is for /usr/local, where zsh looks elsewhere.
name=wasmc-$version-$architecture-linux
cp -r "$usr" "$scratch/$name"
mv "$scratch/$name/share/zsh/vendor-completions" "$scratch/$name/share/zsh/site-functions"
tar --create --directory "$scratch" --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
  --mtime="@$SOURCE_DATE_EPOCH" "$name" | gzip -9n >"$packages/$name.tar.gz"

control=$scratch/root/DEBIAN
mkdir "$control"
size=$(find "$usr" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$debian/" \
  -e "s/@SIZE@/$size/" packaging/control >"$control/control"
(cd "$scratch/root" && find usr -type f | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums)
# As the checkout's modes were, and later times than the archive's, would else be in the package.
chmod -R u=rwX,go=rX "$scratch/root"
find "$scratch/root" -exec touch --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$scratch/root" "$packages/wasmc_${version}_$debian.deb" >/dev/null
