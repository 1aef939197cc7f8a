# Troupe as an image: docker build -t troupe . && docker run -p 127.0.0.1:8000:8000 -v troupe:/data troupe
# Runs as user 1000 and writes only to /data and /tmp: `docker run --read-only --tmpfs /tmp …` is fine.

FROM oven/bun:1.4.5-slim AS packages
WORKDIR /app
COPY package.json bun.lock ./
# No package needs a script of its own to be installed, and no peer (TypeScript, for one) to run.
RUN bun install --frozen-lockfile --production --omit=peer --ignore-scripts

FROM oven/bun:1.4.5-slim
WORKDIR /app
RUN mkdir -m 700 /data && chown 1000:1000 /data
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
COPY scripts/supervise.sh ./scripts/
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 APP_DATA_DIR=/data
VOLUME /data
EXPOSE 8000
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["bun", "-e", "process.exit((await fetch('http://127.0.0.1:' + process.env.PORT + '/health')).ok ? 0 : 1)"]
# It passes SIGTERM on, which is a clean end, and starts a server again that a handler has killed.
STOPSIGNAL SIGTERM
ENTRYPOINT ["sh", "scripts/supervise.sh", "bun", "src/main.ts"]
