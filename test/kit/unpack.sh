#!/bin/sh
# Tandem's kit for a machine with a GPU. It needs @PLATFORM@ with glibc, sh, tar and gzip; neither Node nor a network.
#   sh @NAME@.sh [options of ./run.sh: see --help]
# unpacks into the folder @NAME@ beside this file, tests and measures, and writes results.json.
set -eu
folder="$(cd "$(dirname "$0")" && pwd)/@NAME@"
staging="$folder.unpacking"

stop() {
  rm -rf "$staging" "$staging.damaged"
  echo "$1" >&2
  exit 2
}

# A pipe has the status of its last command only; a file tells of the others.
unpack() {
  { "$@" || : >"$staging.damaged"; } | tar -xf - -C "$staging" || : >"$staging.damaged"
  [ ! -e "$staging.damaged" ] ||
    stop "$0 is damaged (it should have @SIZE@ bytes: copy it again), or $folder has no 250 MB left."
}

archive() { tail -n +@LINE@ "$0" | gzip -dc; }
# Node knows a better compression than gzip, and so unpacks what is not itself.
rest() {
  "$staging/bin/node" -e 'process.stdin.pipe(zlib.createBrotliDecompress()).pipe(process.stdout)' <"$1"
}

if [ "$(cat "$folder/.whole" 2>/dev/null)" != "@DIGEST@" ]; then
  rm -rf "$staging" "$folder"
  mkdir "$staging"
  unpack archive
  "$staging/bin/node" --version >/dev/null || stop "The kit's Node does not start here. It needs glibc 2.34 or later and \
libstdc++6 of GCC 12 or later, as Ubuntu 22.04 and Debian 12 have them, and a folder that may have programs in it."
  unpack rest "$staging/rest.tar.br"
  rm "$staging/rest.tar.br"
  echo "@DIGEST@" >"$staging/.whole"
  mv "$staging" "$folder"
fi
exec "$folder/run.sh" "$@"
