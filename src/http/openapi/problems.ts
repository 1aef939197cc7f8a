/** The forms of problem documents. */
import * as v from "valibot";
import { finding, named } from "./shapes.ts";

const members = {
  type: v.string(),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  detail: v.pipe(v.string(), v.description("A sentence that says what is wrong")),
};
const errors = v.optional(v.pipe(v.array(finding), v.description("Where it is wrong: `path` as in dag.nodes.3.id")));

export const problemDocument = named("Problem", v.object({ ...members, errors }));

/** The document of a 409. */
export const conflictDocument = named(
  "Conflict",
  v.object({ ...members, code: v.pipe(v.string(), v.description("What is in the way, as a word for programs")), errors }),
);
