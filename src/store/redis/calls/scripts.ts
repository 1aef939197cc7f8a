/** The Lua scripts, each with its preamble, and the hash by which Redis knows them. */
import beat from "../scripts/beat.lua" with { type: "text" };
import begin from "../scripts/begin.lua" with { type: "text" };
import chunks from "../scripts/chunks.lua" with { type: "text" };
import claim from "../scripts/claim.lua" with { type: "text" };
import clock from "../scripts/clock.lua" with { type: "text" };
import commit from "../scripts/commit.lua" with { type: "text" };
import create from "../scripts/create.lua" with { type: "text" };
import discard from "../scripts/discard.lua" with { type: "text" };
import extend from "../scripts/extend.lua" with { type: "text" };
import forget from "../scripts/forget.lua" with { type: "text" };
import guard from "../scripts/guard.lua" with { type: "text" };
import lease from "../scripts/lease.lua" with { type: "text" };
import markLevel from "../scripts/mark-level.lua" with { type: "text" };
import mayRaise from "../scripts/may-raise.lua" with { type: "text" };
import offer from "../scripts/offer.lua" with { type: "text" };
import page from "../scripts/page.lua" with { type: "text" };
import parts from "../scripts/parts.lua" with { type: "text" };
import relayed from "../scripts/relayed.lua" with { type: "text" };
import ready from "../scripts/ready.lua" with { type: "text" };
import release from "../scripts/release.lua" with { type: "text" };
import renew from "../scripts/renew.lua" with { type: "text" };
import room from "../scripts/room.lua" with { type: "text" };
import send from "../scripts/send.lua" with { type: "text" };
import summary from "../scripts/summary.lua" with { type: "text" };
import take from "../scripts/take.lua" with { type: "text" };
import whenFull from "../scripts/when-full.lua" with { type: "text" };
import withdraw from "../scripts/withdraw.lua" with { type: "text" };
import type { RedisConnection, Reply } from "./connection.ts";
import { ScriptUnknown } from "./errors.ts";

export type Script = { readonly text: string; readonly sha: string };

export const scripts = {
  begin: script(`${whenFull}${begin}`),
  beat: guarded(beat, whenFull),
  chunks: guarded(chunks),
  claim: guarded(claim),
  commit: inParts(commit),
  create: inParts(create),
  discard: guarded(discard),
  extend: guarded(extend),
  forget: guarded(forget, whenFull),
  lease: inParts(lease, whenFull),
  markLevel: guarded(markLevel),
  mayRaise: guarded(mayRaise),
  offer: guarded(offer),
  page: guarded(page),
  ready: guarded(ready, whenFull),
  relayed: inParts(relayed, whenFull),
  release: guarded(release, whenFull),
  renew: inParts(renew, whenFull),
  room: guarded(room),
  send: guarded(send),
  summary: inParts(summary),
  take: guarded(take, whenFull),
  withdraw: guarded(withdraw),
} as const;

/** Runs a script by its hash, or with its text if Redis does not know it (the first time, and after a restart). */
export async function runScript(
  connection: RedisConnection,
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<Reply> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await connection.call("evalsha", [sha, ...rest]);
  } catch (error) {
    if (!(error instanceof ScriptUnknown)) throw error;
    return await connection.call("eval", [text, ...rest]);
  }
}

/** A script for one lane, under the guard. `before`: another preamble. */
function guarded(text: string, before = ""): Script {
  return script(`${before}${clock}${guard}${text}`);
}

/** A script for many lanes: each part checks its lane's token itself. */
function inParts(text: string, before = ""): Script {
  return script(`${before}${clock}${parts}${text}`);
}

function script(text: string): Script {
  return { text, sha: new Bun.CryptoHasher("sha1").update(text).digest("hex") };
}
