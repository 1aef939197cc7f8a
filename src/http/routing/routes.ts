/**
 * How routes come to the app: what a route takes and answers, said beside it, and its work, as one function. Each layer of
 * middleware costs a request several promises (measured: the usual four, 6 µs), so there is none; the OpenAPI document is
 * made from what is said here.
 */
import type { Context } from "hono";
import type { GenericSchema } from "valibot";
import { edged } from "./edge.ts";
import type { RouteDescription } from "./description.ts";
import type { App, HttpEnv, HttpParts } from "./parts.ts";
import { problemAnswer } from "./problem.ts";
import { headerReader, noQuery, type ObjectSchema, queryReader } from "./query.ts";

export type Route<Path extends string, Query, Header> = {
  readonly method: "GET" | "POST";
  readonly path: Path;
  /** Null where the route is only a part of a page. */
  readonly description: RouteDescription | null;
  /** What does not fit is answered with 422. */
  readonly query?: ObjectSchema<Query>;
  readonly header?: ObjectSchema<Header>;
  answer(c: Context<HttpEnv, Path>, given: { readonly query: Query; readonly header: Header }): Response | Promise<Response>;
};

/** For the OpenAPI document. */
export type DescribedRoute = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly description: RouteDescription;
  readonly query: GenericSchema | null;
  readonly header: GenericSchema | null;
};

export type Routes = {
  add<Path extends string, Query = undefined, Header = undefined>(route: Route<Path, Query, Header>): void;
  /** Those that were added until now. */
  readonly described: readonly DescribedRoute[];
};

export function createRoutes(app: App, parts: Pick<HttpParts, "ids" | "log" | "room">): Routes {
  const described: DescribedRoute[] = [];
  return {
    described,
    add({ method, path, description, query, header, answer }) {
      const others = isCanonical(path) ? "refused" : "ignored";
      const readQuery = query === undefined ? queryReader(noQuery, others) : queryReader(query, others);
      const readHeader = header && headerReader(header);
      const work = (c: Context<HttpEnv, typeof path>): Response | Promise<Response> => {
        const asked = readQuery(c.req);
        if (asked.ok === false) return problemAnswer(asked.problem);
        const said = readHeader?.(c.req.raw.headers);
        if (said?.ok === false) return problemAnswer(said.problem);
        // Without a schema nothing is taken: then the route's type says `undefined`.
        return answer(c, { query: asked.value as never, header: said?.value as never });
      };
      app.on(method, path, edged(work, parts));
      if (description !== null) described.push({ method, path, description, query: query ?? null, header: header ?? null });
    },
  };
}

/** Clients of the older systems may send parameters of theirs; so may probes, and whoever breaks a cache. */
function isCanonical(path: string): boolean {
  return path === "/workflows" || path.startsWith("/workflows/");
}
