/**
 * The clients: executions made and triggered round-robin over the instances, each step again until it is answered with a
 * 2xx, as a careful client does it. What it was told is the evidence.
 */
import type { Chance } from "../process/chance.ts";
import type { Order } from "./checker/evidence.ts";
import { newClient, type Tally } from "./client.ts";

export type LoadNode = {
  readonly id: string;
  readonly handler: string;
  readonly dependencies?: readonly string[];
  readonly config?: object;
};
export type Shape = { readonly name: string; readonly nodes: readonly LoadNode[]; readonly killers: readonly string[] };

export type Load = {
  readonly executions: number;
  /** So many at the least are begun evenly over this time. */
  readonly overMs: number;
  /** Of the execution with this number. */
  shapeOf(number: number): Shape;
  /** More is begun at the same pace until the harm is done: a busy machine takes longer, and must find work too. */
  readonly goesOn?: boolean;
  /** When a client gives up. */
  readonly deadlineMs: number;
};

export type LoadAnswers = {
  readonly orders: readonly Order[];
  /** Answers that no client should get: sentences. */
  readonly complaints: readonly string[];
  /** How often a client was asked to come again, and how often it got no answer. */
  readonly refusals: number;
  readonly silences: number;
};

export type LoadOptions = {
  readonly load: Load;
  readonly urls: readonly string[];
  /** Tells this load's orders from others'. */
  readonly key: string;
  /** For a load that goes on: nothing more is needed. */
  readonly isEnough?: () => boolean;
  /**
   * Where what was acknowledged may be lost: resolves when nothing more is. Then each client looks for what it was told, and what is
   * gone it does again, under the same key. Null where nothing may be lost.
   */
  readonly losing?: Promise<unknown> | null;
};

/** Resolves when every order is triggered or given up. */
export async function applyLoad({ load, urls, key, isEnough = () => true, losing = null }: LoadOptions): Promise<LoadAnswers> {
  const tally: Tally = { refusals: 0, silences: 0, complaints: [] };
  const beganMs = performance.now();
  const placed: Promise<Order | null>[] = [];
  for (let number = 0; number < load.executions || (load.goesOn === true && !isEnough()); number++) {
    await Bun.sleep(Math.max(0, beganMs + (load.overMs * number) / load.executions - performance.now()));
    placed.push(place(number));
  }
  const orders = await Promise.all(placed);
  return { orders: orders.filter((order) => order !== null), ...tally };

  async function place(number: number): Promise<Order | null> {
    const shape = load.shapeOf(number);
    const body = JSON.stringify({ name: shape.name, dag: { nodes: shape.nodes } });
    const { deadlineMs } = load;
    const client = newClient({ first: number, urls, key: `${key} ${number}`, body, deadlineMs, mayLose: losing !== null, tally });
    let told = await client.place();
    if (losing !== null) await losing;
    if (losing !== null && told !== null) told = await client.lookFor(told);
    if (told === null) return null;
    return {
      execution: told.execution,
      nodes: Object.fromEntries(shape.nodes.map(({ id, dependencies }) => [id, dependencies ?? []])),
      killers: shape.killers,
      triggeredAtMs: told.triggered?.answeredMs ?? null,
      losses: client.losses,
    };
  }
}

export type FanOptions = { readonly width?: number; readonly msMin?: number; readonly msMax?: number; readonly spins?: boolean };

const WIDTH = 20;

/** 1 → width → 1, of nodes that take some milliseconds. */
export function fan(random: Chance, { width = WIDTH, msMin = 1, msMax = 8, spins = false }: FanOptions = {}): Shape {
  const wide = Array.from({ length: width }, (_, number) => `w${number}`);
  const node = (id: string, dependencies: readonly string[]): LoadNode => ({
    id,
    handler: "told",
    dependencies,
    config: { ms: msMin + random.below(msMax - msMin + 1), spins },
  });
  return { name: "fan", killers: [], nodes: [node("in", []), ...wide.map((id) => node(id, ["in"])), node("out", wide)] };
}

/** As above, and one of the wide nodes kills what it runs in. `tailMs`: a node behind another of them that takes so long. */
export function fanWithKiller(random: Chance, { tailMs, ...options }: FanOptions & { readonly tailMs?: number } = {}): Shape {
  const { nodes } = fan(random, options);
  const width = options.width ?? WIDTH;
  const number = random.below(width);
  const killer = `w${number}`;
  const all = nodes.map((node) => (node.id === killer ? { ...node, config: { kills: true } } : node));
  if (tailMs !== undefined) all.push({ id: "tail", handler: "told", dependencies: [`w${(number + 1) % width}`], config: { ms: tailMs } });
  return { name: "fan with a killer", killers: [killer], nodes: all };
}
