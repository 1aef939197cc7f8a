/** Examples for the OpenAPI document: those that the four older systems have published, so that their users recognise them. */

export const parallelFetchExample = {
  name: "Parallel API Fetcher",
  dag: {
    nodes: [
      { id: "input", handler: "input", dependencies: [] },
      {
        id: "get_user",
        handler: "call_external_service",
        dependencies: ["input"],
        config: { url: "http://localhost:8911/document/policy/list" },
      },
      {
        id: "get_posts",
        handler: "call_external_service",
        dependencies: ["input"],
        config: { url: "http://localhost:8911/document/policy/list" },
      },
      {
        id: "get_comments",
        handler: "call_external_service",
        dependencies: ["input"],
        config: { url: "http://localhost:8911/document/policy/list" },
      },
      { id: "output", handler: "output", dependencies: ["get_user", "get_posts", "get_comments"] },
    ],
  },
};

export const chainExample = {
  name: "Linear chain",
  dag: {
    nodes: [
      { id: "input", handler: "input", dependencies: [] },
      { id: "fetch_data", handler: "call_external_service", dependencies: ["input"], config: { url: "http://localhost:8911/data" } },
      { id: "summarize", handler: "llm", dependencies: ["fetch_data"], config: { prompt: "Summarize: {{ fetch_data.data }}" } },
      { id: "output", handler: "output", dependencies: ["summarize"] },
    ],
  },
};

export const paramsExample = { params: { user_id: 123 } };

export const paramsByNodeExample = {
  llm_service: { prompt: "Recent Posts: {{ get_posts.output.data }}. Task: Summarize this user activity" },
};

export const stepsExample = {
  name: "sample_workflow",
  steps: [
    {
      execution_type: "sequential",
      tasks: [
        { name: "task_a", params: { timeout: 30 } },
        { name: "task_b", params: { retry_count: 3 } },
      ],
    },
    { execution_type: "parallel", tasks: [{ name: "task_c", params: { priority: "high" } }] },
  ],
};
