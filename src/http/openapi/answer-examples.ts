/** Examples of answers: what the examples of bodies are answered with. */

const id = "0193a1f4-6c2b-7d5e-8f00-1a2b3c4d5e6f";
const created_at = "2026-11-21T18:57:10.699Z";
const started_at = "2026-11-21T18:57:10.708Z";
const finished_at = "2026-11-21T18:57:10.728Z";
const times = { created_at, triggered_at: started_at, started_at, finished_at, updated_at: finished_at };

const summary = {
  execution_id: id,
  name: "hello",
  status: "COMPLETED",
  progress: { total: 1, completed: 1, failed: 0, percentage: 100 },
  tags: ["demo"],
  error: null,
  ...times,
};
const greet = { state: "COMPLETED", output: null, error: null, attempts: 1, started_at, finished_at };
const results = {
  execution_id: id,
  name: "hello",
  status: "COMPLETED",
  completed: true,
  results: { greet: null },
  error: null,
  message: "The workflow has completed.",
};
const steps = {
  id,
  name: "hello",
  status: "succeeded",
  steps: {
    "0": { execution_type: "parallel", status: "succeeded", tasks: { task_a: { name: "task_a", status: "succeeded", result: true } } },
  },
  created_at,
  updated_at: finished_at,
};
const accepted = { workflow_id: id, message: "The workflow was accepted and started." };

export const EXAMPLES = {
  created: {
    execution_id: id,
    name: "hello",
    status: "PENDING",
    message: `The workflow was accepted. Start it with POST /workflows/${id}/trigger.`,
  },
  started: { execution_id: id, name: "hello", status: "RUNNING", message: "The workflow was accepted and triggered." },
  startedWithWait: {
    execution_id: id,
    name: "hello",
    trigger: "The workflow was accepted and triggered.",
    status: "COMPLETED",
    completed: true,
    results: { greet: null },
    error: null,
    message: "The workflow has completed.",
  },
  triggered: { execution_id: id, status: "triggered", message: "The workflow was triggered." },
  triggeredWithWait: {
    execution_id: id,
    name: "hello",
    trigger: "The workflow was triggered.",
    status: "COMPLETED",
    completed: true,
    results: { greet: null },
    error: null,
    message: "The workflow has completed.",
  },
  queued: {
    execution_id: id,
    status: "accepted",
    command_id: "0193a1f4-7000-7d5e-8f00-1a2b3c4d5e6f",
    message: "The trigger is stored for the instance that owns this execution, which has not answered yet.",
  },
  results,
  execution: {
    execution_id: id,
    name: "hello",
    status: "COMPLETED",
    progress: summary.progress,
    tags: summary.tags,
    error: null,
    failure: null,
    ...times,
    stalled: false,
    node_states: { greet: "COMPLETED" },
    node_statuses: { greet: "COMPLETED" },
    nodes: { greet },
  },
  executions: { workflows: [summary], next_cursor: null },
  steps,
  stepsList: [steps],
  stepsAccepted: { status: "pending", ...accepted },
  stepsAcceptedWithWait: { ...steps, ...accepted },
  health: {
    service: "troupe",
    status: "running",
    healthy: true,
    version: "0.1.0",
    instance: "instance-1",
    degraded: false,
    store: { kind: "sqlite", available: true },
    executions: { active: 0, running: 0, waiting: 0 },
    pool: { threads: 2, begun: 0, waiting: 0 },
    cluster: null,
  },
  ready: { ready: true },
} as const;
