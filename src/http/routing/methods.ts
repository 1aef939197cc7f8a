/** The answer if no route matches: another method of a known path (405, or the answer to OPTIONS), or an unknown path (404). */
import type { Context } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import type { App, HttpEnv } from "./parts.ts";
import { problemAnswer } from "./problem.ts";

/** The handler. It reads the routes at the first such request, when all of them are there. */
export function noRoute(app: App): (c: Context<HttpEnv>) => Response {
  let router: TrieRouter<readonly string[]> | null = null;
  return (c) => {
    router ??= methodsByPath(app);
    const methods = new Set(router.match("ALL", c.req.path)[0].flatMap(([found]) => found));
    if (methods.size === 0) {
      return problemAnswer({ status: 404, detail: "There is nothing at this path. See /docs for what there is." });
    }
    const allow = [...methods, "OPTIONS"].join(", ");
    if (c.req.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
    return problemAnswer({ status: 405, detail: `This path does not take ${c.req.method}; it takes ${allow}.`, headers: { allow } });
  };
}

function methodsByPath(app: App): TrieRouter<readonly string[]> {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of app.routes) {
    if (method === "ALL") continue;
    const known = methods.get(path) ?? new Set();
    methods.set(path, known.add(method));
    if (method === "GET") known.add("HEAD");
  }
  const router = new TrieRouter<readonly string[]>();
  for (const [path, known] of methods) router.add("ALL", path, [...known]);
  return router;
}
