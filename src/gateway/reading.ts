import { AppError } from "../kernel/index.ts";
import { modelInPath, type RouteRule } from "../providers/index.ts";
import { announcedBytes, decodeBody, readBody } from "./body.ts";
import { GOVERNED } from "./governed.ts";
import { memberCount, memberIsTrue, memberText, type ScannedJson, scanJson } from "./json-scan.ts";

/** A request body as far as the rules need to know it. */
export interface Reading {
  /** Decoded; `null` when it passes as a stream or there is none. */
  readonly bytes: Uint8Array | null;
  /** A content coding was undone. */
  readonly decoded: boolean;
  /** Of a JSON object; `undefined` for anything else. */
  readonly scanned: ScannedJson | undefined;
  /** In the body, else in the path; may be `connection/model` in the body. */
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly outputLimit: number | null;
  readonly choices: number;
}

/** Reads and judges a JSON body. @throws AppError `too_large`, `invalid_input`, `ambiguous_body`, `unsupported`. */
export async function readJson(request: Request, limitBytes: number, path: string): Promise<Reading> {
  const raw = await readBody(request, limitBytes);
  const coding = request.headers.get("content-encoding");
  const decoded = coding !== null && coding.toLowerCase() !== "identity";
  const bytes = decoded ? await decodeBody(raw, coding, limitBytes) : raw;
  if (bytes.length === 0) return { ...NO_BODY, ...pathFacts(path), bytes, decoded };
  return { ...judge(bytes, path), decoded };
}

/** What the rules need to know of a JSON body that is at hand. */
export function judge(bytes: Uint8Array, path: string): Reading {
  const scanned = scanJson(bytes, GOVERNED);
  if (scanned.root.kind !== "object") {
    throw new AppError("invalid_input", `the JSON body is not an object but of type ${scanned.root.kind}`, {
      hint: "send one JSON object",
    });
  }
  const facts = pathFacts(path);
  const at = (name: string) => scanned.members.get(name);
  const count = (name: string) => memberCount(bytes, at(name)) ?? null;
  return {
    bytes,
    decoded: false,
    scanned,
    model: facts.model ?? memberText(bytes, at("model")),
    stream: facts.stream || memberIsTrue(bytes, at("stream")),
    outputLimit:
      count("max_completion_tokens") ??
      count("max_output_tokens") ??
      count("max_tokens") ??
      count("generation_config.max_output_tokens"),
    choices: count("n") ?? count("generation_config.candidate_count") ?? 1,
  };
}

/** A request without a body that anybody looks into. */
export function readNothing(path: string): Reading {
  return { ...NO_BODY, ...pathFacts(path) };
}

/** True when the body is to be read as JSON: said so, or not said. */
export function isJson(contentType: string | null): boolean {
  return (
    contentType === null || contentType.toLowerCase().includes("json") || contentType.startsWith("text/")
  );
}

export function hasBody(request: Request): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  const announced = announcedBytes(request.headers);
  return announced === undefined ? request.body !== null : announced > 0;
}

/** The largest body that any of the rules carries. */
export function largestBody(rules: readonly (RouteRule | undefined)[]): number {
  return rules.reduce((largest, rule) => Math.max(largest, rule?.maxBodyBytes ?? 0), 0);
}

function pathFacts(path: string): { model: string | undefined; stream: boolean } {
  // A model in the path comes before one in the body: so do the providers read it.
  const named = path.includes("/models/") || path.includes("/deployments/");
  return {
    model: named ? modelInPath(path) : undefined,
    stream: path.endsWith(":streamGenerateContent"),
  };
}

const NO_BODY: Reading = {
  bytes: null,
  decoded: false,
  scanned: undefined,
  model: undefined,
  stream: false,
  outputLimit: null,
  choices: 1,
};
