/**
 * The table of routes: the description of a route beside its work, which is one function. Each layer of middleware costs a request several
 * promises (measured: the usual four, 6 µs), so there is none. The OpenAPI document is made from the descriptions.
 */
import { type Context, Hono } from "hono";
import type { GenericSchema } from "valibot";
import type { NewWork } from "../../engine/engine.ts";
import type { Checked } from "./checked.ts";
import { edged, onError } from "./edge.ts";
import type { BodyDescription, RouteDescription } from "./description.ts";
import { noRoute } from "./methods.ts";
import type { App, HttpEnv, HttpOptions, HttpParts } from "./parts.ts";
import { type Problem, problemAnswer, unavailable } from "./problem.ts";
import { headerReader, noQuery, type ObjectSchema, queryReader } from "./query.ts";
import { createRoom } from "./room.ts";

/** The methods of routes. HEAD comes with GET, and OPTIONS with every path (methods.ts). */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The values of a request beside its path. Without a schema nothing is read, and the value is undefined. */
export type Asked<Query, Header, Body> = { readonly query: Query; readonly header: Header; readonly body: Body };

/** A body: its description and its reading. */
export type RouteBody<Body> = BodyDescription & { read(request: Request, parts: HttpParts): Promise<Checked<Body>> };

export type Route<Path extends string, Query, Header, Body> = {
  readonly method: Method;
  readonly path: Path;
  /** The description; null if the route is only a part of a page. */
  readonly description: RouteDescription | null;
  /** The schema of the query. What does not fit is answered with 422. */
  readonly query?: ObjectSchema<Query>;
  /**
   * The treatment of parameters that the schema does not name: older systems' clients, probes, and those who bypass a cache may send them.
   * Else they are refused.
   */
  readonly otherParameters?: "ignored";
  readonly header?: ObjectSchema<Header>;
  readonly body?: RouteBody<Body>;
  /** The kind of new work, which may be refused because of the load, before its body is read. */
  readonly work?: NewWork;
  /** The problem of a query and headers that contradict each other, found before anything else is done. */
  contradiction?(asked: Omit<Asked<Query, Header, Body>, "body">): Problem | null;
  answer(c: Context<HttpEnv, Path>, asked: Asked<Query, Header, Body>): Response | Promise<Response>;
};

/** A route for the OpenAPI document. */
export type DescribedRoute = {
  readonly method: Method;
  readonly path: string;
  readonly description: RouteDescription;
  readonly query: ObjectSchema<unknown> | null;
  readonly otherParameters: "refused" | "ignored";
  readonly header: GenericSchema | null;
  readonly body: BodyDescription | null;
};

export type Routes = {
  add<Path extends string, Query = undefined, Header = undefined, Body = undefined>(route: Route<Path, Query, Header, Body>): void;
  /** The routes that were added until now. */
  readonly described: readonly DescribedRoute[];
};

export type RouteTable = { readonly app: App; readonly routes: Routes; readonly parts: HttpParts };

/** An app without routes yet. It answers what no route takes: 404, 405, OPTIONS. */
export function openRouteTable(options: HttpOptions): RouteTable {
  const parts: HttpParts = { ...options, room: createRoom(options.limits, options) };
  const app = new Hono<HttpEnv>({ strict: false });
  app.onError(onError(parts));
  app.notFound(edged(noRoute(app), parts));
  return { app, routes: createRoutes(app, parts), parts };
}

function createRoutes(app: App, parts: HttpParts): Routes {
  const described: DescribedRoute[] = [];
  return {
    described,
    add(route) {
      const { method, path, description, query = null, otherParameters = "refused", header = null, body = null } = route;
      app.on(method, path, edged(workOf(route, parts), parts));
      if (description !== null) described.push({ method, path, description, query, otherParameters, header, body });
    },
  };
}

function workOf<Path extends string, Query, Header, Body>(
  { query, otherParameters, header, body, work, contradiction, answer }: Route<Path, Query, Header, Body>,
  parts: HttpParts,
): (c: Context<HttpEnv, Path>) => Response | Promise<Response> {
  const others = otherParameters ?? "refused";
  const readQuery = query === undefined ? queryReader(noQuery, others) : queryReader(query, others);
  const readHeader = header && headerReader(header);

  async function answerBody(c: Context<HttpEnv, Path>, { read }: RouteBody<Body>, asked: Asked<Query, Header, Body>): Promise<Response> {
    const given = await read(c.req.raw, parts);
    return given.ok ? answer(c, { ...asked, body: given.value }) : problemAnswer(given.problem);
  }

  return (c) => {
    const inQuery = readQuery(c.req);
    if (inQuery.ok === false) return problemAnswer(inQuery.problem);
    const inHeaders = readHeader?.(c.req.raw.headers);
    if (inHeaders?.ok === false) return problemAnswer(inHeaders.problem);
    // If there is no schema, the route's type says `undefined`.
    const asked = { query: inQuery.value as Query, header: inHeaders?.value as Header, body: undefined as Body };
    const problem = contradiction?.(asked) ?? refusalOf(c, work, parts);
    if (problem !== null) return problemAnswer(problem);
    return body === undefined ? answer(c, asked) : answerBody(c, body, asked);
  };
}

/**
 * The refusal of new work. Most of it was checked before (http/shedding.ts); a request with another spelling of its path is checked here.
 */
function refusalOf({ env }: Context<HttpEnv>, work: NewWork | undefined, { engine }: HttpParts): Problem | null {
  if (work === undefined || env?.isAdmitted === true) return null;
  const refusal = engine.admit(work);
  return refusal === null ? null : unavailable(refusal);
}
