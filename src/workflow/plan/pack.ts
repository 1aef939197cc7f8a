/** A Plan as a few large values, so that one of 100,000 nodes comes out of a thread in milliseconds. */
import type { Plan } from "./plan.ts";

/** A packed Plan. Its lists are one text each: neither ids nor compact JSON contain a line break. */
export type PackedPlan = Omit<Plan, "ids" | "index" | "handlers" | "configs"> & {
  readonly idLines: string;
  readonly handlerNames: readonly string[];
  readonly handlerOf: Uint16Array;
  /** The configs, one per line. An empty line is a node without config. */
  readonly configLines: string;
};

export function packPlan({ ids, index: _, handlers, configs, ...rest }: Plan): PackedPlan {
  const numbers = new Map<string, number>();
  const handlerOf = new Uint16Array(handlers.length);
  handlers.forEach((name, node) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    handlerOf[node] = number;
  });
  return {
    ...rest,
    idLines: ids.join("\n"),
    handlerNames: [...numbers.keys()],
    handlerOf,
    configLines: configs.map((config) => config ?? "").join("\n"),
  };
}

export function unpackPlan({ idLines, handlerNames, handlerOf, configLines, ...rest }: PackedPlan): Plan {
  const ids = idLines.split("\n");
  return {
    ...rest,
    ids,
    index: new Map(ids.map((id, node) => [id, node])),
    handlers: Array.from(handlerOf, (number) => handlerNames[number] ?? ""),
    configs: configLines.split("\n").map((line) => (line === "" ? null : line)),
  };
}
