/** What a request's body says, as JSON text: content type, encoding, UTF-8, and YAML turned into JSON. */
import { readBody } from "./body.ts";
import { type Refusal, refuse } from "./problem.ts";

/** `text`: JSON text that is not checked yet; "" where there is no body. */
export type DocumentResult = { readonly ok: true; readonly text: string } | Refusal;

export type DocumentLimits = { readonly bodyBytes: number; readonly nesting: number };

export async function readDocument(request: Request, limits: DocumentLimits): Promise<DocumentResult> {
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") return encoded(encoding);
  const type = request.headers.get("content-type");
  const kind = kindOf(type);
  // Without an announced length it is not known yet whether there is a body at all, and an empty one may have any type.
  if (kind === "other" && (request.headers.get("content-length") ?? "0") !== "0") return otherType(type);

  const body = await readBody(request, limits.bodyBytes);
  if (!body.ok) return body;
  if (body.bytes.byteLength === 0) return { ok: true, text: "" };
  if (kind === "other") return otherType(type);
  const text = decode(body.bytes);
  if (text === null) return refuse(400, "The body is not valid UTF-8.");
  if (kind === "json") return { ok: true, text };
  // Its parser takes long to load, and most servers never see a YAML document.
  const { yamlToJson } = await import("./yaml.ts");
  return yamlToJson(text, limits.nesting);
}

type Kind = "json" | "yaml" | "other";

const JSON_TYPE = /^(?:application|text)\/(?:[\w.-]+\+)?json$/;
const YAML_TYPE = /^(?:application|text)\/(?:[\w.-]+\+|x-)?yaml$/;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;

/** JSON where no type is said, as curl and older clients leave it out. */
function kindOf(type: string | null): Kind {
  if (type === null || type === "application/json") return "json";
  const charset = CHARSET.exec(type)?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== "utf-8" && charset !== "utf8" && charset !== "us-ascii") return "other";
  const media = (type.split(";")[0] ?? "").trim().toLowerCase();
  if (JSON_TYPE.test(media)) return "json";
  return YAML_TYPE.test(media) ? "yaml" : "other";
}

/** Fails on what is not UTF-8 instead of replacing it, and takes a byte order mark away. */
const decoder = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function otherType(type: string | null): Refusal {
  const detail = `The content type ${JSON.stringify((type ?? "").slice(0, 100))} is not understood; send JSON with "Content-Type: application/json" or YAML with "Content-Type: application/yaml", in UTF-8.`;
  return refuse(415, detail, { headers: { accept: "application/json, application/yaml" } });
}

function encoded(encoding: string): Refusal {
  const detail = `The content encoding ${JSON.stringify(encoding.slice(0, 100))} is not understood; send the body as it is.`;
  return refuse(415, detail, { headers: { "accept-encoding": "identity" } });
}
