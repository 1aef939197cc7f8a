/** The workflows that are measured. */

/** 1 → `width` → 1. */
export function fanOut(width: number): unknown {
  const middle = Array.from({ length: width }, (_, i) => `n${i}`);
  return {
    name: "fan-out",
    dag: {
      nodes: [
        { id: "root", handler: "noop" },
        ...middle.map((id) => ({ id, handler: "noop", dependencies: ["root"] })),
        { id: "join", handler: "noop", dependencies: middle },
      ],
    },
  };
}

/** `length` nodes, each after the one before. */
export function chain(length: number): unknown {
  return {
    name: "chain",
    dag: { nodes: Array.from({ length }, (_, i) => ({ id: `n${i}`, handler: "noop", dependencies: i === 0 ? [] : [`n${i - 1}`] })) },
  };
}
