/** Does nothing: its output is null. */
import { defineHandler } from "../handler.ts";

export const noop = defineHandler({ name: "noop", run: () => null });
