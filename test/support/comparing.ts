/** The same call made directly and through Ownkey, down to the bytes. */
import { expect } from "bun:test";
import type { Exchange, ProviderDouble } from "./double.ts";

export interface RawCall {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** How the dialect carries a credential. */
  credential(key: string): Readonly<Record<string, string>>;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export async function send(origin: string, key: string, call: RawCall): Promise<RawAnswer> {
  const response = await fetch(origin + call.path, {
    method: call.method ?? "POST",
    headers: { "content-type": "application/json", ...call.headers, ...call.credential(key) },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    redirect: "manual",
    decompress: false,
  });
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: Buffer.from(await response.arrayBuffer()) };
}

/** What Ownkey adds to every answer (the list in the design), and what belongs to one connection only. */
const ADDED = ["x-content-type-options", "content-security-policy", "x-ownkey-request-id"];
const OF_THE_HOP = ["connection", "keep-alive", "transfer-encoding", "content-length"];

/** The answer's headers without those that Ownkey adds, which must be there. */
export function providersHeaders(answer: RawAnswer): Record<string, string> {
  for (const name of ADDED) expect(answer.headers).toHaveProperty(name);
  return without(answer.headers, [...ADDED, ...OF_THE_HOP]);
}

/**
 * Expects that the answer through Ownkey is the provider's own: status, every header but the listed ones, every byte;
 * and the same bytes that a direct call gets; and that the provider key is in none of it.
 */
export async function expectSameAsDirect(
  places: { readonly double: ProviderDouble; readonly url: string },
  keys: { readonly provider: string; readonly virtual: string },
  call: RawCall,
): Promise<void> {
  const direct = await send(places.double.url, keys.provider, call);
  const through = await send(places.url, keys.virtual, call);
  const sent = places.double.last;
  expect(through.status).toBe(direct.status);
  expect(providersHeaders(through)).toEqual(without(sent.headers, OF_THE_HOP));
  expect(through.body.toString("latin1")).toBe(direct.body.toString("latin1"));
  expect(JSON.stringify(through.headers) + through.body.toString("latin1")).not.toContain(keys.provider);
}

/** Expects that these bytes are exactly what the provider sent in its last answer. */
export function expectBytesOf(sent: Exchange, body: Buffer): void {
  expect(body.toString("latin1")).toBe(sent.body.toString("latin1"));
}

function without(
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
