// Requests and pictures for the tests of this room.
import { deflateSync } from "node:zlib";
import { splice, utf8 } from "../../kernel/index.ts";
import { boundRequest } from "./bound.ts";
import type { BoundRequest } from "./request.ts";
import type { Bounded, BoundResult, OutputBound } from "./result.ts";

type Kind = BoundRequest["kind"];

const PATHS: Partial<Record<Kind, string>> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  completions: "/v1/completions",
  embeddings: "/v1/embeddings",
  images: "/v1/images/generations",
  messages: "/v1/messages",
  generate: "/v1beta/models/gemini-2.5-flash:generateContent",
};

const MODELS: Partial<Record<Kind, string>> = {
  messages: "claude-sonnet-4-6",
  generate: "gemini-2.5-flash",
  embeddings: "text-embedding-3-small",
  images: "gpt-image-1",
  completions: "gpt-3.5-turbo-instruct",
};

const PROVIDERS: Partial<Record<Kind, BoundRequest["provider"]>> = {
  messages: "anthropic",
  generate: "google",
};

export type Asked = Partial<Omit<BoundRequest, "kind" | "body" | "allow">> & {
  readonly allow?: readonly string[];
};

/** A request of this kind; a body that is text is sent as it is. */
export function request(kind: Kind, body: unknown, asked: Asked = {}): BoundRequest {
  const { allow = [], ...rest } = asked;
  return {
    kind,
    provider: PROVIDERS[kind] ?? "openai",
    preset: null,
    path: PATHS[kind] ?? `/v1/${kind}`,
    body: utf8(typeof body === "string" ? body : JSON.stringify(body)),
    model: MODELS[kind] ?? "gpt-4.1",
    ...rest,
    allow: new Set(allow),
  };
}

export function bound(kind: Kind, body: unknown, asked?: Asked): BoundResult {
  return boundRequest(request(kind, body, asked));
}

/** Fails when there is no bound. */
export function bounded(kind: Kind, body: unknown, asked?: Asked): Bounded {
  const result = bound(kind, body, asked);
  if (result.kind === "bounded") return result;
  throw new Error(`${result.field} ${result.why}`);
}

export function outputOf(result: Bounded): OutputBound {
  if (result.output === null) throw new Error("there is no output");
  return result.output;
}

/** The field that has no bound, or undefined. */
export function refused(kind: Kind, body: unknown, asked?: Asked): string | undefined {
  const result = bound(kind, body, asked);
  return result.kind === "unbounded" ? result.field : undefined;
}

/** The body as it is sent with this limit. */
export function limited(kind: Kind, body: unknown, limit: number, asked?: Asked): unknown {
  const edit = outputOf(bounded(kind, body, asked)).edit(limit);
  const bytes = request(kind, body, asked).body ?? new Uint8Array();
  return JSON.parse(Buffer.from(splice(bytes, edit === null ? [] : [edit])).toString());
}

/** A PNG of this size, whole and valid but for its pixels. */
export function png(width: number, height: number): string {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, data: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(64))),
    chunk("IEND", Buffer.alloc(0)),
  ]).toString("base64");
}
