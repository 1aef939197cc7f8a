/** The handler that does nothing. Its output is null. */
import { defineHandler } from "../handler.ts";

export const noop = defineHandler({ name: "noop", run: () => null });
