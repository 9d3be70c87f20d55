#!/bin/sh
# Runs Bun in the version that package.json pins: the installed Bun where it has that version, else
# one that npm installs into .tools/. (Where install scripts are blocked, `npm i bun` installs a stub;
# the package of the platform always has the program.)
# `bun.sh test PATH` has a limit for each test that only one which hangs reaches; Bun's own is 5 s, too
# little for some tests on a busy machine.
set -eu
if [ "${1-}" = test ]; then shift; set -- test --timeout=600000 "$@"; fi
root=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/.*"packageManager": "bun@\([0-9.]*\)".*/\1/p' "$root/package.json")

if [ "$(bun --version 2>/dev/null)" = "$version" ]; then
  exec bun "$@"
fi

case $(uname -m) in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-aarch64 ;;
  *) echo "bun.sh: there is no Bun for $(uname -m)" >&2; exit 1 ;;
esac
if ls /lib/ld-musl-* >/dev/null 2>&1; then platform=$platform-musl; fi

bun=$root/.tools/node_modules/@oven/bun-$platform/bin/bun
if [ "$("$bun" --version 2>/dev/null)" != "$version" ]; then
  echo "installing Bun $version with npm into .tools/" >&2
  npm install --prefix "$root/.tools" --no-save --no-package-lock --ignore-scripts --no-audit \
    --no-fund --loglevel=error "@oven/bun-$platform@$version" >&2
fi
exec "$bun" "$@"
