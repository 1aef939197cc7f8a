/** `?wait=`: it holds a request until the end of an execution, within limits. */
import type { Context } from "hono";
import type { HttpEnv, HttpParts } from "./parts.ts";

/** Resolves at the end of the execution, after `waitMs`, when the engine stops, or at once if too many wait already. */
export async function waitForEnd(
  c: Context<HttpEnv>,
  { engine, room }: Pick<HttpParts, "engine" | "room">,
  id: string,
  waitMs: number,
): Promise<void> {
  if (waitMs === 0) return;
  c.env?.mayTake?.(c.req.raw, Math.ceil(waitMs / 1000) + ANSWER_SECONDS);
  room.leaveBody(c.req.raw);
  await engine.waitForEnd(id, waitMs);
}

/** The time for the answer itself, on top of the wait. */
const ANSWER_SECONDS = 30;
