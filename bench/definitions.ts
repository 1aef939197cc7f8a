/** The workflows that are measured. */

/** 1 → `width` → 1. `handler`: of those in the middle; `join`: of the last. */
export function fanOut(width: number, { handler = "noop", join = "noop" }: { handler?: string; join?: string } = {}): unknown {
  const middle = Array.from({ length: width }, (_, i) => `n${i}`);
  return {
    name: "fan-out",
    dag: {
      nodes: [
        { id: "root", handler: "noop" },
        ...middle.map((id) => ({ id, handler, dependencies: ["root"] })),
        { id: "join", handler: join, dependencies: middle },
      ],
    },
  };
}

/** The smallest with all shapes in it: 1 → 3 → 1. */
export function diamond(): unknown {
  return fanOut(3);
}

/** `length` nodes, each after the one before. */
export function chain(length: number): unknown {
  return {
    name: "chain",
    dag: { nodes: Array.from({ length }, (_, i) => ({ id: `n${i}`, handler: "noop", dependencies: i === 0 ? [] : [`n${i - 1}`] })) },
  };
}

/** `count` nodes, none of which waits for another. */
export function independent(count: number, handler: string, config: Readonly<Record<string, unknown>> = {}): unknown {
  return { name: "independent", dag: { nodes: Array.from({ length: count }, (_, i) => ({ id: `n${i}`, handler, config })) } };
}
