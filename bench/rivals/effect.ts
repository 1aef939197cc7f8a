/**
 * effect's workflow with its in-memory engine: activities in the same thread, results kept in a map. As fast as its users can make it:
 * activities made once, and no tracing.
 */
import { Effect, Layer, ManagedRuntime, Schema } from "effect";
import { Activity, Workflow, WorkflowEngine } from "effect/workflow";
import type { Case } from "../case.ts";
import { type Rival, rivalSubject, type Shape, shapeOf } from "./shapes.ts";

export const effectCase: Case = {
  name: "effect",
  title: "effect's workflow in memory, no threads: part=fan-out (from execute to its exit), diamonds, chain, one-node",
  async start(variant, services) {
    const shape = shapeOf(variant);
    if (variant.part === "fan-out-added") throw new Error("With effect nothing is added before it runs.");
    return await rivalSubject(startEffect(shape), shape, variant, services);
  },
};

function startEffect(shape: Shape): Rival {
  const body = bodyOf(shape);
  const Flow = Workflow.make("flow", { payload: { id: Schema.String }, success: Schema.Null, idempotencyKey: ({ id }) => id });
  const layer = Flow.toLayer(() => body.run).pipe(Layer.provideMerge(WorkflowEngine.layerMemory));
  let runtime = ManagedRuntime.make(layer);
  let executions = 0;
  return {
    async run() {
      const flow = Effect.withTracerEnabled(Flow.execute({ id: String(executions++) }), false);
      const result: unknown = await runtime.runPromise(flow);
      if (result !== null) throw new Error(`effect's workflow has answered ${JSON.stringify(result)}.`);
    },
    async check(done) {
      if (body.count() !== done * shape.nodes) throw new Error(`effect has run ${body.count()} activities of ${done * shape.nodes}.`);
      body.reset();
      // It keeps every execution for ever: with a new one no round begins with more to keep than the last.
      await runtime.dispose();
      runtime = ManagedRuntime.make(layer);
      await runtime.runPromise(Effect.void);
    },
    stop: () => runtime.dispose(),
  };
}

function bodyOf({ kind, width }: Shape) {
  let count = 0;
  const noop = Effect.sync(() => {
    count += 1;
    return null;
  });
  const activity = (name: string) => Activity.make({ name, success: Schema.Null, execute: noop });
  const middle = Array.from({ length: width }, (_, i) => activity(`n${i}`));
  const [root, join] = [activity("root"), activity("join")];
  const fan = Effect.gen(function* () {
    yield* root;
    yield* Effect.all(middle, { concurrency: "unbounded" });
    return yield* join;
  });
  const row = Effect.gen(function* () {
    for (const each of middle) yield* each;
    return null;
  });
  return {
    run: kind === "fan-out" || kind === "diamonds" ? fan : row,
    count: () => count,
    reset: () => {
      count = 0;
    },
  };
}
