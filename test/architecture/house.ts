/** The plan of the house, as data: its rooms and what each may import, their doors, and the order inside each. docs/architecture.md draws it. */

export type Room = {
  /** Rooms of src/, or single paths in them, that its files may import beside its own. */
  readonly from: readonly string[];
  /** Folders of the room that may import more than the rest of it. */
  readonly also?: Readonly<Record<string, readonly string[]>>;
  /** Files that may be imported from outside, without `.ts`. What is in no list is private to the room. */
  readonly doors: readonly string[];
  /** Doors for some rooms only. */
  readonly doorsFor?: Readonly<Record<string, readonly string[]>>;
  readonly why: string;
};

/** What makes a whole of the parts may know implementations; everybody else knows seams. */
export const ROOMS: Readonly<Record<string, Room>> = {
  env: {
    from: [],
    doors: [
      ...["backoff", "bounded-cache", "bytes", "clock", "deadline", "ids", "periodic", "pieces", "random", "recent", "timers", "turns"],
      ...["config/config", "config/redis-url", "log/bursts", "log/log", "log/printable"],
      ...["process/awake", "process/garbage", "process/handles"],
    ],
    why: "it is a leaf: everything else stands on it",
  },
  workflow: {
    from: [],
    doors: [
      ...["json/json", "json/long-json", "json/received", "json/scan"],
      ...["definition/definition", "definition/catalog", "definition/config-shape", "definition/params", "definition/submitted"],
      ...["plan/plan", "plan/pack"],
      ...["template/references", "template/resolve", "template/trigger-params"],
      ...["execution/messages", "execution/client-commands", "execution/level", "execution/state", "execution/status", "execution/failure"],
      ...[
        "execution/decide",
        "execution/evolve",
        "execution/react",
        "execution/recover",
        "execution/priority",
        "execution/idempotency-key",
      ],
      "view/view",
    ],
    why: "the rules are pure: no clock, no room, nothing that can differ between two runs",
  },
  handlers: {
    from: ["workflow", "env"],
    doors: ["handler", "registry", "settings", "failures", "raw-json"],
    doorsFor: { wiring: ["loading/bundle"] },
    why: "a node's code knows no thread, no store and no engine",
  },
  pool: {
    from: ["workflow", "env"],
    doors: ["pool"],
    doorsFor: { wiring: ["thread-pool"], thread: ["host/serve"] },
    why: "threads run what they are given; what runs in them is wired in thread.ts",
  },
  store: {
    from: ["workflow", "env"],
    doors: ["store", "shared-store", "committer", "creator", "gathering", "codec/codec", "large-texts", "offer-id"],
    doorsFor: {
      wiring: ["move", "memory/memory-store", "sqlite/sqlite-store", "sqlite/lock", "redis/redis-store", "redis/calls/connection"],
      bus: ["redis/calls/connection", "redis/calls/errors"],
    },
    why: "a store keeps what it is given and decides nothing",
  },
  bus: {
    from: ["store/store", "store/shared-store", "workflow", "env"],
    also: { redis: ["store/redis/calls"] },
    doors: ["doorbell", "event-stream"],
    doorsFor: {
      engine: ["relay/lane-relays"],
      wiring: ["redis/doorbell", "kafka/event-stream"],
    },
    why: "the relay reads what is committed, and nothing else",
  },
  views: {
    from: ["store", "bus", "workflow", "env"],
    doors: ["views", "waiters"],
    why: "reads ask the store, never an actor",
  },
  node: {
    from: ["handlers", "pool/pool", "workflow", "env"],
    doors: ["node"],
    why: "an attempt, inside a thread: it knows what nodes do, and nothing of the house outside",
  },
  cluster: {
    from: ["store", "bus", "workflow", "env"],
    also: { overflow: ["pool/pool"], commands: ["pool/pool"] },
    doors: [
      ...["cluster", "ownership", "owned-lane", "known-handlers"],
      ...["lanes/sole-ownership", "lanes/shared-ownership"],
      ...["commands/inbox", "commands/receipt", "commands/remote-commands", "commands/stored-command"],
      ...["overflow/overflow", "overflow/offers", "overflow/remote-attempts"],
    ],
    why: "who may work is decided apart from who works: lanes never see the pool, and nothing here sees an actor",
  },
  actors: {
    from: ["cluster", "store", "pool/pool", "workflow", "env"],
    doors: ["supervisors", "execution/created-executions", "system/workload"],
    why: "an actor knows its lane, the store, and threads only by the pool's interface; what a node does it knows not at all",
  },
  engine: {
    from: ["actors", "cluster", "views", "bus", "store", "pool/pool", "workflow", "env"],
    doors: ["engine"],
    doorsFor: { wiring: ["start"], main: ["start"] },
    why: "the front door knows the house, but not what nodes do",
  },
  http: {
    from: ["engine/engine", "workflow/definition/definition", "workflow/json", "env"],
    doors: [],
    doorsFor: { main: ["app", "server", "shedding", "access/access"] },
    why: "REST asks the engine: a route that reaches past it goes around its rules",
  },
  wiring: {
    from: ["engine", "cluster", "bus", "store", "pool", "handlers", "workflow", "env"],
    doors: [],
    doorsFor: { main: ["engine-parts", "open-store", "reloads", "signals"], thread: ["thread-settings"] },
    why: "what settings make is put together here; what a node is, a thread knows",
  },
  main: {
    from: ["http", "wiring", "engine", "env"],
    doors: [],
    why: "the process is put together of what wiring makes",
  },
  thread: {
    from: ["node", "handlers", "pool/host/serve", "wiring/thread-settings", "env"],
    doors: [],
    why: "a thread is put together here, and knows of the process only its settings",
  },
};

/**
 * Chains: what stands left of an arrow may import all that stands right of it, and nothing else of the folder. `x/` is a folder, `x` a
 * file, `*` each file that no chain names. Folders in one place of a chain do not import each other; files do.
 */
export type Order = { readonly chains: readonly string[]; readonly why: string };

/** Of each folder that holds folders. */
export const ORDERS: Readonly<Record<string, Order>> = {
  env: { chains: ["log/ → config/ → process/ → *"], why: "the log is set up from the settings, and clocks know neither" },
  workflow: {
    chains: ["definition/, view/ → template/ → execution/ → plan/ → json/"],
    why: "what runs is a plan; where it came from and how it is shown, the rules need not know",
  },
  "workflow/execution": { chains: ["decide → commands/ → *"], why: "a command's rule knows the state, and no other rule" },
  handlers: {
    chains: ["registry → built-in/ → http-client/ → *", "registry → loading/ → *"],
    why: "a handler knows what every handler is given, and no other handler",
  },
  pool: {
    chains: [
      "thread-pool, process-pool, inline-pool → dispatcher-pool → attempts/ → dispatch/ → wire/ → *",
      "inline-pool → host/ → wire/ → *",
    ],
    why: "both sides of a thread know the wire between them and not each other",
  },
  store: { chains: ["redis/, sqlite/, memory/ → * → codec/ → store"], why: "stores are exchangeable: none knows another" },
  "store/redis": { chains: ["* → calls/ → keys, scripts/"], why: "how Redis is called is apart from what is asked of it" },
  "store/sqlite": { chains: ["* → thread/ → lock"], why: "the thread knows nothing of who asks it" },
  bus: { chains: ["kafka/, redis/, memory/, relay/ → *"], why: "the relay knows the stream, not whose it is" },
  cluster: {
    chains: ["lanes/ → policy/ → *", "overflow/ → commands/ → *"],
    why: "rules on who has what are pure, and work that moves is apart from lanes that move",
  },
  actors: { chains: ["supervisors → execution/ → system/"], why: "the actor system does not know what its actors do" },
  "actors/execution": {
    chains: ["supervisor, start-supervisor → effects/ → *"],
    why: "decisions are made apart from what follows of them",
  },
  engine: {
    chains: ["start → * → engine → load-shedding, definitions/ → answers"],
    why: "who asks the engine loads its interface, and not what it is made of",
  },
  http: {
    chains: ["app, server → connections, shedding, access/, routes/, dialects/ → openapi/ → request/, answer/ → routing/"],
    why: "a route is made of what all routes have, and knows no other",
  },
};

export const FILES_MAX_IN_FOLDER = 14;

/** Folders of test/ that mirror no room of src/, each with what it is for. Every other one is a room's, and its folders are that room's. */
export const TEST_FOLDERS: Readonly<Record<string, string>> = {
  architecture: "the rules of the house",
  bench: "the benchmarks' own tests",
  contracts: "what every implementation of a seam promises",
  counts: "how much of everything the whole engine does",
  deployment: "the image and the compose file",
  faults: "the whole system while things break, and the checker that judges it",
  page: "the page at /docs, in a browser",
  process: "the server as a process",
  scripts: "what npm runs",
  services: "a real Redis and a real Kafka",
  sim: "the simulated world, and the whole engine in it",
};
