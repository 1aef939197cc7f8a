/** A workflow's exit: it gathers the outputs of its parents by their ids. */
import { jsonText } from "../../workflow/json/json.ts";
import { defineHandler } from "../handler.ts";
import { RawJson } from "../raw-json.ts";

const FIXED = new Set(["status", "final", "aggregated_results", "final_status"]);

export const output = defineHandler({
  name: "output",
  needs: "parents",
  run(config, context) {
    // Written from the texts as they came: an object would put "2" before "10" and lose "__proto__".
    const parents = context.parents().map(({ id, text }) => `${JSON.stringify(id)}:${text ?? "null"}`);
    const final = `{${parents.join(",")}}`;
    const fields = Object.keys(config)
      .filter((key) => !FIXED.has(key))
      .map((key) => `,${JSON.stringify(key)}:${jsonText(config[key])}`);
    return new RawJson(
      `{"status":"ok","final":${final},"aggregated_results":${final},"final_status":"workflow_completed"${fields.join("")}}`,
    );
  },
});
