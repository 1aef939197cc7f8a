/** GET /docs: the interactive page. Everything that it loads comes from this server, and the page itself holds no script or style. */
import { fileURLToPath } from "node:url";
import type { Routes } from "../routing/routes.ts";

export function docsRoutes(routes: Routes): void {
  routes.add({
    method: "GET",
    path: "/",
    description: {
      tag: "documents",
      summary: "Leads to the documentation",
      answers: { 302: { description: "To /docs.", headers: ["Location"] } },
      problems: [],
    },
    otherParameters: "ignored",
    answer: () => new Response(null, { status: 302, headers: { location: "/docs" } }),
  });
  routes.add({
    method: "GET",
    path: "/docs",
    description: { tag: "documents", summary: "The interactive documentation", answers: { 200: { description: "A page." } }, problems: [] },
    otherParameters: "ignored",
    answer: () =>
      new Response(PAGE, {
        headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache", "content-security-policy": POLICY },
      }),
  });
  const part = (name: string, type: string, content: string | Bun.BunFile): void =>
    routes.add({
      method: "GET",
      path: `/docs/${name}`,
      description: null,
      otherParameters: "ignored",
      answer: () => new Response(content, { headers: { "content-type": type, "cache-control": KEPT } }),
    });
  part("start.js", "text/javascript", START);
  for (const { name, type, url } of ASSETS) part(name, type, Bun.file(fileURLToPath(url)));
}

/** The files of the package that are served. */
const ASSETS = [
  { name: "swagger-ui.css", type: "text/css", url: import.meta.resolve("swagger-ui-dist/swagger-ui.css") },
  { name: "swagger-ui-bundle.js", type: "text/javascript", url: import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js") },
  { name: "favicon-32x32.png", type: "image/png", url: import.meta.resolve("swagger-ui-dist/favicon-32x32.png") },
];
const KEPT = "public, max-age=86400";

/** The policy. The stylesheet's own pictures are data: URLs. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Troupe API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** The start. Without validatorUrl the page would ask a server outside whether the document is valid. */
const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
`;
