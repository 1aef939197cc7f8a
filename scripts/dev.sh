#!/bin/sh
# `npm run dev`: the server, started again when it dies; with --watch also when a file of src/ changes.
[ "$1" != -- ] || shift
case $1 in
  "") exec sh scripts/supervise.sh bun src/main.ts ;;
  --watch) exec bun scripts/watch.ts ;;
  *)
    echo "npm run dev does not know $1, only --watch. Settings are environment variables: docs/configuration.md." >&2
    exit 1
    ;;
esac
