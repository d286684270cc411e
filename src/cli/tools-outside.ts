/** Tools whose servers call the gateway: the way in from outside, and the wait for the first request through it. */
import * as door from "../control/operations/door.ts";
import * as requests from "../control/operations/requests.ts";
import type { CliContext } from "./context.ts";
import { given } from "./options.ts";
import { paint, printable } from "./output.ts";
import { shellOf } from "./tools-shell.ts";

export type OpenDoor = Awaited<ReturnType<typeof door.open.run>>;

export interface OutsideOptions {
  readonly publicUrl?: string;
  readonly tunnel?: "cloudflared" | "tailscale";
  readonly doorPort?: number;
}

export function isOutside({ publicUrl, tunnel }: OutsideOptions): boolean {
  return publicUrl !== undefined || tunnel !== undefined;
}

/** Opens it in the running program, which is started when there is none. */
export async function openDoor(
  context: CliContext,
  tool: string,
  { publicUrl, tunnel, doorPort }: OutsideOptions,
): Promise<OpenDoor> {
  await context.ensureRunning();
  const way = given({ publicUrl, tunnel, port: doorPort });
  return await context.client.call(door.open, { ...shellOf(context), tool, ...way });
}

export async function closeDoor(context: CliContext): Promise<void> {
  await context.client.call(door.close, {});
}

export function doorText(context: CliContext, { tool, url, localUrl, way, notes }: OpenDoor): string {
  const lead =
    way === "url" ? [`  lead ${url}/t/${tool}/ to ${localUrl}: it serves that name and that path only`] : [];
  return [
    `${paint(context, "green", "open")}: ${printable(url)}/t/${tool}/ and nothing else`,
    ...lead,
    ...notes.map((note) => `  note: ${printable(note)}`),
  ].join("\n");
}

/** What the first request said of how it works. */
export interface FirstRequest {
  readonly arrived: boolean;
  readonly status: number | null;
  readonly what: string;
  readonly hint: string | null;
}

const LOOK_EVERY_MS = 500;

/**
 * Waits until something comes in, for a limited time, or until Ctrl-C: what was set up stays. A request that is refused
 * at the door counts as well: it tells that the address is right and the key is not.
 */
export async function waitForFirst(
  context: CliContext,
  tool: string,
  { since, withinMs }: { readonly since: string; readonly withinMs: number },
): Promise<FirstRequest> {
  const waiting = new AbortController();
  const interrupt = () => waiting.abort();
  process.once("SIGINT", interrupt);
  try {
    const lastMomentMs = performance.now() + withinMs;
    while (!waiting.signal.aborted && performance.now() < lastMomentMs) {
      const first = await firstRequest(context, tool, since);
      if (first) return first;
      await Bun.sleep(LOOK_EVERY_MS);
    }
  } finally {
    process.off("SIGINT", interrupt);
  }
  return {
    arrived: false,
    status: null,
    what: waiting.signal.aborted
      ? "no longer waiting"
      : `nothing came within ${Math.round(withinMs / 1000)} s`,
    hint: `everything stays set up; ownkey requests tail shows when something comes; ownkey tools disconnect ${tool} ends it`,
  };
}

async function firstRequest(
  context: CliContext,
  tool: string,
  since: string,
): Promise<FirstRequest | undefined> {
  const { items } = await context.client.call(requests.list, { since, limit: 50 });
  const row = items.find((one) => one.tool === tool && one.status !== null);
  if (row?.status !== undefined && row.status !== null) {
    const model = row.modelAnswered ?? row.modelRequested ?? "no model";
    const isFine = row.status < 400;
    return {
      arrived: true,
      status: row.status,
      what: `${row.route}, ${model}: ${isFine ? "answered" : `refused by the provider (${row.status})`}`,
      hint: isFine ? null : `ownkey doctor ${row.requestId}`,
    };
  }
  const { open } = await context.client.call(door.show, {});
  if (!open) return { arrived: false, status: null, what: "it was closed", hint: null };
  if (open.problem !== null) {
    return { arrived: false, status: null, what: open.problem, hint: `ownkey tools connect ${tool}` };
  }
  const seen = open.seen.at(-1);
  if (seen === undefined || seen.status < 400) return undefined;
  const isKey = seen.status === 401;
  return {
    arrived: true,
    status: seen.status,
    what: isKey ? "it came with another key than this one" : `${seen.path} was refused (${seen.status})`,
    hint: isKey
      ? "paste the key again, without spaces before or after it"
      : "look at the address and the model",
  };
}
