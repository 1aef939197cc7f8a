/**
 * YAML documents, read in a thread of their own: one at a time, the shortest first, and none for longer than a limit, because a hostile one
 * of 256 KiB takes a thousand times what an honest one of 2 KiB does.
 */
import type { Clock } from "../../env/clock.ts";
import type { OrderThread } from "./order-thread.ts";
import type { YamlResult } from "./yaml.ts";

export type YamlLine = {
  /** Rejects if the thread dies twice over it, or is closed. */
  read(yaml: string): Promise<YamlResult>;
  close(): void;
};

type Waiting = { readonly yaml: string } & PromiseWithResolvers<YamlResult>;

/** `limitMs`: for one document. The thread has no other work, and is ended if a document takes longer. */
export function createYamlLine(thread: Pick<OrderThread, "ask" | "close">, clock: Clock, limitMs: number): YamlLine {
  const waiting: Waiting[] = [];
  let isReading = false;

  function next(): void {
    const [shortest] = waiting.toSorted((a, b) => a.yaml.length - b.yaml.length);
    if (isReading || shortest === undefined) return;
    waiting.splice(waiting.indexOf(shortest), 1);
    isReading = true;
    const done = (): void => {
      cancel();
      isReading = false;
      next();
    };
    const cancel = clock.after(limitMs, () => {
      shortest.resolve({ ok: false, kind: "slow", reason: `it takes longer than ${limitMs} ms to read; send it as JSON` });
      thread.close();
    });
    thread.ask({ kind: "yaml" }, shortest.yaml).then(shortest.resolve, shortest.reject).finally(done);
  }

  return {
    read(yaml) {
      const its: Waiting = { yaml, ...Promise.withResolvers<YamlResult>() };
      waiting.push(its);
      next();
      return its.promise;
    },
    close() {
      for (const { reject } of waiting.splice(0)) reject(new Error("The server is stopping."));
      thread.close();
    },
  };
}
