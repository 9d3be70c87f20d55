#!/bin/sh
# Runs Bun, in the version that package.json pins: the machine's own where it is that one, else the
# one that npm brings into .tools/. (`npm i bun` leaves a stub where install scripts are blocked;
# the platform's package always holds the program.)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/.*"packageManager": "bun@\([0-9.]*\)".*/\1/p' "$root/package.json")

if [ "$(bun --version 2>/dev/null)" = "$version" ]; then
  exec bun "$@"
fi

case $(uname -m) in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-aarch64 ;;
  *) echo "bun.sh: no Bun for $(uname -m)" >&2; exit 1 ;;
esac
if ls /lib/ld-musl-* >/dev/null 2>&1; then platform=$platform-musl; fi

bun=$root/.tools/node_modules/@oven/bun-$platform/bin/bun
if [ "$("$bun" --version 2>/dev/null)" != "$version" ]; then
  echo "bringing Bun $version through npm into .tools/" >&2
  npm install --prefix "$root/.tools" --no-save --no-package-lock --ignore-scripts --no-audit \
    --no-fund --loglevel=error "@oven/bun-$platform@$version" >&2
fi
exec "$bun" "$@"
