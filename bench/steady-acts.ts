/** What arrives in a steady load: an execution that is created, triggered, and waited for. */
import { diamond } from "./definitions.ts";
import { type Client, executionIdOf, requestText } from "./http-client.ts";

export type Act = (client: Client) => Promise<void>;

/** As a part of a variant: both in one request, which is one commit. */
export const ONE_REQUEST = "one-request";

const WAIT = "wait=20s";
const IS_COMPLETED = '"status":"COMPLETED"';

/** Rejects where it was refused, or has not ended by then. */
export function actOf(part: string | undefined): Act {
  if (part === undefined) return createdThenTriggered();
  if (part === ONE_REQUEST) return createdTriggered();
  throw new Error(`There is no part "${part}"; there is ${ONE_REQUEST}.`);
}

/** Two requests; the second is answered at the end. */
function createdThenTriggered(): Act {
  const create = requestText("POST", "/workflows", JSON.stringify(diamond()));
  return async (client) => {
    const id = executionIdOf(await client.ask(create));
    assertIsCompleted(await client.ask(requestText("POST", `/workflows/${id}/trigger?${WAIT}`, "")));
  };
}

/** One request, answered at the end. */
function createdTriggered(): Act {
  const request = requestText("POST", `/workflows?trigger=true&${WAIT}`, JSON.stringify(diamond()));
  return async (client) => assertIsCompleted(await client.ask(request));
}

function assertIsCompleted(answer: string): void {
  if (!answer.includes(IS_COMPLETED)) throw new Error(`Not completed: ${answer}`);
}
