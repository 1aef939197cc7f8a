/** A request's body as JSON text: content type, encoding, UTF-8, and YAML turned into JSON. */
import type { Engine } from "../../engine/engine.ts";
import { readBody } from "./body.ts";
import type { HttpParts } from "../routing/parts.ts";
import { type Refusal, refuse } from "../routing/problem.ts";

/** The result. `text`: JSON text that is not checked yet; "" if there is no body. */
export type DocumentResult = { readonly ok: true; readonly text: string } | Refusal;

export type DocumentParts = Pick<HttpParts, "limits" | "room"> & { readonly engine: Pick<Engine, "yamlToJson" | "decode"> };

/** Reads a document. Its part of the room for bodies is given back with the answer, or before it waits. */
export async function readDocument(request: Request, { limits, room, engine }: DocumentParts): Promise<DocumentResult> {
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") return encoded(encoding);
  const type = request.headers.get("content-type");
  const kind = kindOf(type);
  // Without an announced length it is not known yet whether there is a body at all, and an empty one may have any type.
  if (kind === "other" && (request.headers.get("content-length") ?? "0") !== "0") return otherType(type);

  const body = await readBody(request, { bytesMax: limits.bodyBytes, room, decode: engine.decode });
  if (kind === "other" && !(body.ok && body.text === "")) return otherType(type);
  if (!body.ok || body.text === "" || kind === "json") return body;
  const converted = await engine.yamlToJson(body.text);
  if (converted.ok) return converted;
  if (converted.kind === "long") return refuse(413, `${converted.reason}.`);
  if (converted.kind === "slow") return refuse(422, `The body is YAML, and ${converted.reason}.`);
  return refuse(400, `The body is not usable YAML: ${converted.reason}.`);
}

type Kind = "json" | "yaml" | "other";

const JSON_TYPE = /^(?:application|text)\/(?:[\w.-]+\+)?json$/;
const YAML_TYPE = /^(?:application|text)\/(?:[\w.-]+\+|x-)?yaml$/;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;

/** The kind of a content type: JSON if there is none, because curl and older clients leave it out. */
function kindOf(type: string | null): Kind {
  if (type === null || type === "application/json") return "json";
  const charset = CHARSET.exec(type)?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== "utf-8" && charset !== "utf8" && charset !== "us-ascii") return "other";
  const media = (type.split(";")[0] ?? "").trim().toLowerCase();
  if (JSON_TYPE.test(media)) return "json";
  return YAML_TYPE.test(media) ? "yaml" : "other";
}

function otherType(type: string | null): Refusal {
  const detail = `The content type ${JSON.stringify((type ?? "").slice(0, 100))} is not understood; send JSON with "Content-Type: application/json" or YAML with "Content-Type: application/yaml", in UTF-8.`;
  return refuse(415, detail, { headers: { accept: "application/json, application/yaml" } });
}

function encoded(encoding: string): Refusal {
  const detail = `The content encoding ${JSON.stringify(encoding.slice(0, 100))} is not supported; send the body uncompressed.`;
  return refuse(415, detail, { headers: { "accept-encoding": "identity" } });
}
