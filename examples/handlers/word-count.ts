/** A handler without a config, that reads what its dependencies put out. */
import { defineHandler } from "troupe";

export default defineHandler({
  name: "word_count",
  needs: "parents",
  run(_config, context) {
    const counts = context.parents().map(({ id, output }) => ({ id, words: JSON.stringify(output).split(/\W+/).filter(Boolean).length }));
    return { counts, total: counts.reduce((sum, { words }) => sum + words, 0) };
  },
});
