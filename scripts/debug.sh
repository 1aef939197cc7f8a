#!/bin/sh
# `npm run debug`: the server with Bun's inspector, which prints what to open. It sees the main thread: HTTP, engine, actors, stores.
# Handlers run in threads of their own, which it does not see: call them in a test, and debug that with `bun --inspect-wait test FILE`.

# Where Bun's limit is not said, the server replaces itself by a process that knows it, and the inspector's first address is gone.
export BUN_CONFIG_MAX_HTTP_REQUESTS="${BUN_CONFIG_MAX_HTTP_REQUESTS:-65535}"
exec bun --inspect src/main.ts
