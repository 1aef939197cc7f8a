/** A workflow's entry: it puts out the trigger's params, or a sentence that there are none. */
import { defineHandler, type Handler } from "../handler.ts";
import { RawJson } from "../raw-json.ts";
import { type Surroundings, timestamp } from "./mock-service.ts";

/** `{}` in any spelling. */
const EMPTY = /^\s*\{\s*\}\s*$/;

export function inputHandler(surroundings: Surroundings): Handler {
  return defineHandler({
    name: "input",
    needs: "params",
    run(config, context) {
      const params = context.paramsText();
      // The unchanged text keeps the order of its keys and the digits of its numbers.
      if (params !== null && !EMPTY.test(params)) return new RawJson(params);
      return {
        status: "ok",
        message: "The workflow was triggered without params.",
        timestamp: timestamp(surroundings),
        value: config.value ?? null,
      };
    },
  });
}
