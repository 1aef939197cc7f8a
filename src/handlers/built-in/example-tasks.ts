/** The tasks of the older step workflows' published example: each succeeds with `true`. */
import { defineHandler } from "../handler.ts";

export const exampleTasks = ["task_a", "task_b", "task_c"].map((name) => defineHandler({ name, run: () => true }));
