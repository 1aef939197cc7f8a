/**
 * A patch of kafkajs 2.2.4, which looks for waiting requests every millisecond on each of its connections, even if none wait (its issue
 * 1751): with a delay of minus 50 years, which Node and Bun warn of. No option ends that, so one method of its request queue is replaced,
 * for the whole process. It is the only part of kafkajs that we change without its offering it (docs/decisions/30).
 */
import { createRequire } from "node:module";

const MODULE = "kafkajs/src/network/requestQueue/index.js";
const METHOD = "scheduleCheckPendingRequests";

type RequestQueue = { readonly pending: readonly unknown[] };

/**
 * Applies the patch. Null if it was applied. Else a sentence that says what kafkajs does not have any more: then nothing is replaced, at
 * the cost of CPU at rest. `load`: kafkajs' own class, wherever it comes from.
 */
export function stopIdleTimer(load: () => unknown = () => createRequire(import.meta.url)(MODULE)): string | null {
  let queueClass: unknown;
  let queue: unknown;
  try {
    queueClass = load();
    if (typeof queueClass !== "function") return `${MODULE} of kafkajs is no class any more.`;
    queue = Reflect.construct(queueClass, [{}]);
  } catch (error) {
    return `${MODULE} of kafkajs cannot be used any more: ${error instanceof Error ? error.message : String(error)}`;
  }
  const schedule: unknown = queueClass.prototype[METHOD];
  if (typeof schedule !== "function") return `The request queue of kafkajs has no method ${METHOD} any more.`;
  if (!isRequestQueue(queue)) return "The request queue of kafkajs has no list `pending` of waiting requests any more.";
  // If requests wait, the delay is right.
  queueClass.prototype[METHOD] = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
  return null;
}

function isRequestQueue(queue: unknown): queue is RequestQueue {
  return typeof queue === "object" && queue !== null && "pending" in queue && Array.isArray(queue.pending);
}
