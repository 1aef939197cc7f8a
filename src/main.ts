/** The process, put together: settings in, a running server out, and a clean end when it is told to stop. */
import { existsSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { name as packageName, version } from "../package.json";
import type { Engine } from "./engine/engine.ts";
import { systemClock } from "./env/clock.ts";
import { allowHttpRequests, type Config, configFromEnvironment } from "./env/config/config.ts";
import { collectedSoon } from "./env/process/garbage.ts";
import { systemHandles } from "./env/process/handles.ts";
import { systemIds } from "./env/ids.ts";
import { createLog, type Log, prepareLog } from "./env/log/log.ts";
import { logBursts } from "./env/log/bursts.ts";
import { printable } from "./env/log/printable.ts";
import { systemTurns } from "./env/turns.ts";
import type { Serving } from "./http/server.ts";
import { engineSettings, openPool, threadSettings } from "./wiring/engine-parts.ts";
import { createReloads } from "./wiring/reloads.ts";
import { hearHangUps, hearSignals } from "./wiring/signals.ts";
import type { OpenedStore } from "./wiring/open-store.ts";

/** The time that answers under way may take at the end. */
const ANSWERS_GRACE_MS = 2_000;
/** The time that the store may take to record the last outcomes. */
const SAVING_GRACE_MS = 10_000;

/** The exit code after a fault. A supervisor starts the process again; after a refused start (1) it would be refused again. */
const FAULT = 70;

const CANNOT_START = "Troupe cannot start:";

await main();

async function main(): Promise<void> {
  const hangUps = hearHangUps();
  const { config, log } = configured();
  process.on("uncaughtException", (error) => die(log, error));
  process.on("unhandledRejection", (error) => die(log, error));

  const settings = threadSettings(config);
  const pool = openPool(config, logBursts(log, systemClock).warn, settings);
  // The threads are loading by now. This thread loads its own modules at the same time.
  const rooms = await loadRooms();
  const exposure = rooms.exposureOf(config.access, config.host);
  if (exposure !== null) log.warn(exposure);
  const opened = await rooms.openStore(config, log).catch(refuseFor);
  // Everything that opens files comes before the port: from then on, connections may leave none free.
  const loading = pool.ready();
  prepareLog();
  await loading.catch(refuseFor);
  const serving = takePort(config, log, rooms);
  // Until here nothing is owned, so a signal may end a start that hangs.
  const signals = hearSignals(systemClock, hangUps);
  const engine = await rooms
    .startEngine({
      ...engineSettings(config),
      ...{ store: opened.store, storeKind: opened.kind, cluster: opened.cluster, degraded: opened.without !== null },
      ...{ pool, log },
    })
    .catch(refuseFor);

  const running: Running = { config, log, engine, serving };
  const reloads = createReloads({ config, pool, loaded: (await settings).bundle, clock: systemClock, log });
  signals.onReload(() => reloads.ask("SIGHUP"));
  serving.open(appOf(running, rooms));
  greet(config, opened, serving);
  signals.obey((signal) => stopLater(running, signal));
}

/** The settings and the log of this process. What is doubtful in the settings is logged already. */
function configured(): { readonly config: Config; readonly log: Log } {
  const read = configFromEnvironment();
  if (!read.ok) refuse("Troupe cannot start with these settings:", read.faults);
  const { config } = read;
  const fewRequests = callsOut(config) ? allowHttpRequests(config) : null;
  const log = createLog({ level: config.logLevel, instance: config.instanceName });
  if (fewRequests !== null) log.warn(fewRequests);
  for (const warning of read.warnings) log.warn(warning);
  if (config.handlersDirIsSet && !existsSync(config.handlersDir))
    refuse(CANNOT_START, [
      `There is no folder ${resolve(config.handlersDir)} (APP_HANDLERS_DIR): make it, or name the one that has your handlers.`,
    ]);
  return { config, log };
}

type Rooms = Awaited<ReturnType<typeof loadRooms>>;

async function loadRooms() {
  const { openStore } = await import("./wiring/open-store.ts");
  const { serve } = await import("./http/server.ts");
  const { startEngine } = await import("./engine/start.ts");
  const { createApp } = await import("./http/app.ts");
  const { shedding } = await import("./http/shedding.ts");
  const { callerRules, exposureOf } = await import("./http/access/access.ts");
  return { openStore, serve, startEngine, createApp, shedding, callerRules, exposureOf };
}

function takePort({ host, port, access, limits }: Config, log: Log, { serve, callerRules }: Rooms): Serving {
  const served = serve({
    ...{ host, port, callers: callerRules(access, host), connections: limits.connections },
    ...{ clock: systemClock, handles: systemHandles, report: (sentence) => log.warn(sentence) },
  });
  return served.ok ? served.serving : refuse(CANNOT_START, [served.reason]);
}

/** The parts that exist once the engine has started. */
type Running = { readonly config: Config; readonly log: Log; readonly engine: Engine; readonly serving: Serving };

function appOf({ config, log, engine }: Running, { createApp, shedding }: Rooms): ReturnType<Rooms["shedding"]> {
  const app = createApp({
    ...{ engine, log, limits: config.limits, instanceName: config.instanceName, version },
    ...{ ids: systemIds, turns: systemTurns, clock: systemClock, collect: collectedSoon },
  });
  return shedding(app, { engine, ids: systemIds, log: logBursts(log, systemClock) });
}

/** Stops after a delay, in which a load balancer can see that this instance is about to stop. */
function stopLater(running: Running, signal: string): void {
  const { config, log, engine } = running;
  if (config.drainDelayMs > 0)
    log.info("About to stop: /ready is 503 from now on, and work goes on for the delay.", { signal, delayMs: config.drainDelayMs });
  engine.markUnready();
  systemClock.after(config.drainDelayMs, () => stop(running, signal));
}

function stop({ config, log, engine, serving }: Running, signal: string): void {
  log.info("Stopping: running attempts may finish.", { signal, graceMs: config.drainGraceMs });
  systemClock.after(config.drainGraceMs + SAVING_GRACE_MS, () => {
    log.error("The state could not be saved in time. What was accepted is safe; the next start takes this for a crash.");
    process.exit(1);
  });
  void engine
    .stop(config.drainGraceMs, () => serving.stop(ANSWERS_GRACE_MS))
    .then(() => {
      log.info("Stopped.");
      process.exit(0);
    });
}

/** Whether some handler may call another service over HTTP: one of ours that is no mock, or any of the user's. */
function callsOut({ handlers, handlersDir }: Config): boolean {
  return handlers.externalServices === "live" || handlers.llm !== null || existsSync(handlersDir);
}

/** The greeting for the person at the terminal. Logs go to stderr. */
function greet(config: Config, opened: OpenedStore, { url }: Serving): void {
  const body = '{"name":"hello","dag":{"nodes":[{"id":"greet","handler":"noop"}]}}';
  const greeting = `
${packageName} ${version} is ready at ${url}  (process ${process.pid}, ${config.threads === 1 ? "1 thread" : `${config.threads} threads`}, ${placeOf(opened, config)})
  API docs   ${url}/docs
  Try it     curl -s ${url}/workflows -H 'content-type: application/json' -d '${body}'
`;
  console.log(printable(greeting, { lines: true }));
}

function placeOf({ kind, cluster, without }: OpenedStore, config: Config): string {
  if (cluster !== null) return cluster.events === null ? "state in Redis, shared" : "state in Redis, shared; events in Kafka";
  const place = kind === "sqlite" ? `state in ${config.dataDir}` : "state in memory, gone at the end";
  return without === null ? place : `${place}; WITHOUT ${without.toUpperCase()}`;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function die(log: Log, error: unknown): never {
  try {
    log.error("Troupe ends because of a fault of its own. The next start goes on where it stopped.", { error });
  } catch {
    // The library that writes the log could not be loaded.
    writeSync(2, `Troupe ends because of a fault of its own: ${sentenceOf(error)}\n`);
  }
  process.exit(FAULT);
}

function refuseFor(error: unknown): never {
  refuse(CANNOT_START, [sentenceOf(error)]);
}

function refuse(what: string, reasons: readonly string[]): never {
  console.error(printable([what, ...reasons].join("\n").replaceAll("\n", "\n  "), { lines: true }));
  process.exit(1);
}
