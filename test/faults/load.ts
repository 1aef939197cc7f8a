/**
 * The clients: executions made and triggered round-robin over the instances, each step again until it is answered with a
 * 2xx, as a careful client does it. What it was told is the evidence.
 */
import type { Chance } from "../process/chance.ts";
import type { Order } from "./checker/evidence.ts";

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

const ANSWER_MS = 10_000;
const PAUSE_MS = 100;

export type LoadOptions = {
  readonly load: Load;
  readonly urls: readonly string[];
  /** Tells this load's orders from others'. */
  readonly key: string;
  /** For a load that goes on: nothing more is needed. */
  readonly isEnough?: () => boolean;
};

/** Resolves when every order is triggered or given up. */
export async function applyLoad({ load, urls, key, isEnough = () => true }: LoadOptions): Promise<LoadAnswers> {
  const tally = { refusals: 0, silences: 0 };
  const complaints: string[] = [];
  const beganMs = performance.now();
  const placed: Promise<Order | null>[] = [];
  for (let number = 0; number < load.executions || (load.goesOn === true && !isEnough()); number++) {
    await Bun.sleep(Math.max(0, beganMs + (load.overMs * number) / load.executions - performance.now()));
    placed.push(place(number));
  }
  const orders = await Promise.all(placed);
  return { orders: orders.filter((order) => order !== null), complaints, ...tally };

  async function place(number: number): Promise<Order | null> {
    const shape = load.shapeOf(number);
    const body = JSON.stringify({ name: shape.name, dag: { nodes: shape.nodes } });
    const giveUpMs = performance.now() + load.deadlineMs;
    const created = await ask(number, "/workflows", body, { "idempotency-key": `${key} ${number}` }, [201], giveUpMs);
    if (created === null) return null;
    const execution = String((created.body as { readonly execution_id?: unknown }).execution_id);
    const triggered = await ask(number + 1, `/workflows/${execution}/trigger`, "{}", {}, [200], giveUpMs);
    return {
      execution,
      nodes: Object.fromEntries(shape.nodes.map(({ id, dependencies }) => [id, dependencies ?? []])),
      killers: shape.killers,
      triggeredAtMs: triggered?.atMs ?? null,
    };
  }

  /** The answer; null where the client gave up. 202 and 503 mean: come again. */
  async function ask(
    first: number,
    path: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    wanted: readonly number[],
    giveUpMs: number,
  ) {
    for (let instance = first; performance.now() < giveUpMs; instance++) {
      const url = `${urls[instance % urls.length]}${path}`;
      try {
        const response = await fetch(url, {
          method: "POST",
          body,
          headers: { "content-type": "application/json", ...headers },
          signal: AbortSignal.timeout(ANSWER_MS),
        });
        const text = await response.text();
        if (wanted.includes(response.status)) return { body: JSON.parse(text) as unknown, atMs: Date.now() };
        if (response.status === 503 || response.status === 202) tally.refusals += 1;
        else complaints.push(`POST ${url} was answered with ${response.status}: ${text.slice(0, 300)}`);
      } catch (error) {
        // What was never sent is a mistake of this file.
        if (error instanceof TypeError && !("code" in error)) throw error;
        // Whether it was done nobody knows: the same is asked again, of another instance.
        tally.silences += 1;
      }
      await Bun.sleep(PAUSE_MS);
    }
    complaints.push(`POST ${path} was not answered with ${wanted.join(" or ")} within ${load.deadlineMs} ms`);
    return null;
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
