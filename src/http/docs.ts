/** GET /docs: the interactive page. All that it loads comes from this server, and no script or style stands in the page itself. */
import { described } from "./openapi/described.ts";
import type { App } from "./parts.ts";

export function docsRoutes(app: App): void {
  app.get(
    "/",
    described({
      tag: "documents",
      summary: "Leads to the documentation",
      answers: { 302: { description: "To /docs.", headers: ["Location"] } },
      problems: [],
    }),
    () => new Response(null, { status: 302, headers: { location: "/docs" } }),
  );
  app.get(
    "/docs",
    described({ tag: "documents", summary: "The interactive documentation", answers: { 200: { description: "A page." } }, problems: [] }),
    () =>
      new Response(PAGE, {
        headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache", "content-security-policy": POLICY },
      }),
  );
  app.get("/docs/start.js", () => new Response(START, { headers: { "content-type": "text/javascript", "cache-control": KEPT } }));
  for (const [name, type] of Object.entries(ASSETS)) {
    const path = Bun.resolveSync(`swagger-ui-dist/${name}`, import.meta.dir);
    app.get(`/docs/${name}`, () => new Response(Bun.file(path), { headers: { "content-type": type, "cache-control": KEPT } }));
  }
}

/** Of all that the package holds only these are served. */
const ASSETS = { "swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "favicon-32x32.png": "image/png" };
const KEPT = "public, max-age=86400";

/** The stylesheet's own pictures are data: URLs. */
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

/** Without validatorUrl the page would ask a server outside whether the document is valid. */
const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
`;
