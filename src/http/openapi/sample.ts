/** The execution in the examples of answers. */

const created_at = "2026-11-21T18:57:10.699Z";
const started_at = "2026-11-21T18:57:10.708Z";
const finished_at = "2026-11-21T18:57:10.728Z";

export const SAMPLE = {
  id: "0193a1f4-6c2b-7d5e-8f00-1a2b3c4d5e6f",
  name: "hello",
  tags: ["demo"],
  progress: { total: 1, completed: 1, failed: 0, percentage: 100 },
  started_at,
  finished_at,
  times: { created_at, triggered_at: started_at, started_at, finished_at, updated_at: finished_at },
} as const;
