/** What an older instance meets of a newer build: offers in a version, commands of a kind and events with a word that only that build knows. */
import type { SharedStore } from "../../src/store/shared-store.ts";
import type { Chunk } from "../../src/store/store.ts";

/** Whether an offer is one that only the newer build reads. */
export function isNewerOffer(body: string): boolean {
  return body.endsWith(",2]");
}

/** The store as a newer build uses it. `isNewer`: which offers, by their ids, need its version. */
export function newerOffers(store: SharedStore, isNewer: (id: string) => boolean): SharedStore {
  const offer = store.offer.bind(store);
  const claim = store.claim.bind(store);
  return Object.assign(store, {
    offer: (...[lease, offers, number]: Parameters<SharedStore["offer"]>) => {
      const made = offers.map((each) => (isNewer(each.id) ? { ...each, body: each.body.replace(/,1\]$/, ",2]") } : each));
      return offer(lease, made, number);
    },
    claim: async (...asked: Parameters<SharedStore["claim"]>) =>
      (await claim(...asked)).map((each) => ({ ...each, body: each.body.replace(/,2\]$/, ",1]") })),
  });
}

/** Its triggers have another word. */
export function newerCommands(store: SharedStore): SharedStore {
  const send = store.send.bind(store);
  const commandsAfter = store.commandsAfter.bind(store);
  return Object.assign(store, {
    send: (command: Parameters<SharedStore["send"]>[0]) =>
      send({ ...command, body: command.body.replace('{"type":"trigger"', '{"type":"begin"') }),
    commandsAfter: async (...asked: Parameters<SharedStore["commandsAfter"]>) =>
      (await commandsAfter(...asked)).map((each) => ({ ...each, body: each.body.replace('{"type":"begin"', '{"type":"trigger"') })),
  });
}

/** The beginnings of its executions have another word. */
export function newerEvents(store: SharedStore): SharedStore {
  const commit = store.commit.bind(store);
  const load = store.load.bind(store);
  const chunksAfter = store.chunksAfter.bind(store);
  const known = (chunk: Chunk): Chunk => ({ ...chunk, text: chunk.text.replace('["set_out",', '["started",') });
  return Object.assign(store, {
    commit: (...[lane, given]: Parameters<SharedStore["commit"]>) => {
      const entries = given.entries.map((entry) => {
        return { ...entry, chunk: { ...entry.chunk, text: entry.chunk.text.replace('["started",', '["set_out",') } };
      });
      return commit(lane, { ...given, entries });
    },
    load: async (id: string) => {
      const found = await load(id);
      return found && { ...found, chunks: found.chunks.map(known) };
    },
    chunksAfter: async (...asked: Parameters<SharedStore["chunksAfter"]>) => (await chunksAfter(...asked)).map(known),
  });
}
