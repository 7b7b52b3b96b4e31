#!/bin/sh
# Runs the kit's tests and benches with the kit's own Node: ./run.sh --help
here=$(cd "$(dirname "$0")" && pwd) || exit 2
exec "$here/bin/node" "$here/test/kit/run.mjs" "$@"
