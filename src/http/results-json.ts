/** What an execution has put out so far, as a stream of JSON text: large outputs are read from the store as they are sent. */
import type { Engine, ExecutionView, NodeView } from "../engine.ts";
import type { Turns } from "../env/turns.ts";
import { quote, quoteOrNull } from "./json-text.ts";
import { inSlices } from "./slices.ts";

export type ResultsParts = { readonly engine: Engine; readonly turns: Turns };

/**
 * `{ execution_id, name, status, completed, results: { id: output }, error, message }`, with `extra` (JSON members, or
 * "") after the name. A string where all outputs are at hand; a stream where some are kept apart.
 */
export async function resultsJson(
  { engine, turns }: ResultsParts,
  view: ExecutionView,
  extra = "",
): Promise<string | ReadableStream<Uint8Array>> {
  const head = `{"execution_id":${quote(view.id)},"name":${quote(view.name)}${extra},"status":"${view.status}","completed":${view.status === "COMPLETED"},"results":{`;
  const tail = `},"error":${quoteOrNull(view.error)},"message":${quote(messageOf(view))}}`;
  if (view.nodes.every((node) => node.outputBytes === null)) {
    let results = "";
    await inSlices(view.nodes, turns, (node) => {
      if (node.output !== null) results += `${results === "" ? "" : ","}${quote(node.id)}:${node.output}`;
    });
    return head + results + tail;
  }
  return streamOf(memberTexts(engine, view, head, tail));
}

/** Outputs of the given nodes as JSON texts, by position; null where there is none (any more). */
export async function outputsOf(engine: Engine, id: string, nodes: readonly NodeView[]): Promise<readonly (string | null)[]> {
  const apart = nodes.filter((node) => node.outputBytes !== null);
  if (apart.length === 0) return nodes.map((node) => node.output);
  const texts = await engine.largeOutputs(
    id,
    apart.map((node) => ({ id: node.id, attempt: node.attempts })),
  );
  const byId = new Map(apart.map((node, position) => [node.id, texts[position] ?? null]));
  return nodes.map((node) => (node.outputBytes === null ? node.output : (byId.get(node.id) ?? null)));
}

/** So much is fetched at once at the most, unless a single output is larger. */
const BATCH_BYTES = 4 * 1024 * 1024;

async function* memberTexts(engine: Engine, view: ExecutionView, head: string, tail: string): AsyncGenerator<string> {
  yield head;
  let first = true;
  for (const batch of batchesOf(view.nodes)) {
    const outputs = await outputsOf(engine, view.id, batch);
    let text = "";
    outputs.forEach((output, position) => {
      if (output === null) return;
      text += `${first ? "" : ","}${quote(batch[position]?.id ?? "")}:${output}`;
      first = false;
    });
    yield text;
  }
  yield tail;
}

/** Nodes with outputs, in order, in groups of about BATCH_BYTES. */
function* batchesOf(nodes: readonly NodeView[]): Generator<readonly NodeView[]> {
  let batch: NodeView[] = [];
  let bytes = 0;
  for (const node of nodes) {
    if (node.output === null && node.outputBytes === null) continue;
    const size = node.outputBytes ?? node.output?.length ?? 0;
    if (bytes + size > BATCH_BYTES && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(node);
    bytes += size;
  }
  yield batch;
}

/** Pulled, so a slow client is waited for, and nothing is read for one that has gone. */
function streamOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await texts.return(undefined);
    },
  });
}

function messageOf(view: ExecutionView): string {
  switch (view.status) {
    case "COMPLETED":
      return "The workflow has completed.";
    case "FAILED":
      return "The workflow has failed; results holds the outputs of the nodes that completed.";
    case "CANCELLED":
      return "The workflow was cancelled; results holds the outputs of the nodes that completed.";
    case "PENDING":
      return view.triggeredAtMs === null ? "The workflow has not been triggered yet." : "The workflow waits for room to run.";
    case "RUNNING":
    case "PAUSED":
      return "The workflow is not completed yet; results holds the outputs so far.";
  }
}
