/** The removal of an execution: at once if it is closed; else, where the client wants that, it is cancelled, and deleted once it is closed. */
import { type Store, StoreUnavailable } from "../store/store.ts";
import { type RemoveAnswer, unavailable } from "./answers.ts";
import type { Engine } from "./engine.ts";

export type RemovalOptions = { readonly store: Pick<Store, "summary" | "remove">; readonly command: Engine["command"] };

/** Resolves with what became of it. `cancel`: also an execution that is not closed. */
export async function removeExecution({ store, command }: RemovalOptions, id: string, cancel: boolean): Promise<RemoveAnswer> {
  try {
    const found = await removeClosed(store, id);
    if (found.type !== "open") return found.type === "gone" ? { type: "unknown" } : found;
    if (!cancel) return { type: "rejected", code: "not_finished", status: found.status };
    const answer = await command(id, { type: "Discard" });
    if (answer.type !== "accepted") return answer.type === "rejected" ? { type: "accepted" } : answer;
    const left = await removeClosed(store, id);
    if (left.type === "gone") return { type: "removed" };
    return left.type === "open" ? { type: "accepted" } : left;
  } catch (error) {
    if (error instanceof StoreUnavailable) return unavailable(error.message);
    throw error;
  }
}

async function removeClosed(store: RemovalOptions["store"], id: string) {
  const summary = await store.summary(id);
  if (summary === null) return { type: "gone" } as const;
  if (!summary.closed) return { type: "open", status: summary.status } as const;
  if (await store.remove(summary)) return { type: "removed" } as const;
  return unavailable("The events of this execution wait to be published: it can be deleted then.");
}
