import * as adopt from "../control/operations/adopt.ts";
import * as requests from "../control/operations/requests.ts";
import { toAppError } from "../kernel/index.ts";
import type { CliContext } from "./context.ts";
import { paint, printable } from "./output.ts";
import { confirm } from "./prompt.ts";
import { requestLine } from "./request-line.ts";

export interface FirstRequest {
  readonly ok: boolean;
  readonly what: string;
  readonly request: Awaited<ReturnType<typeof requests.list.run>>["items"][number] | null;
}

const LOOKS = 40;
const LOOK_EVERY_MS = 100;

/** Sends the smallest request there is through the gateway, and shows what the ledger says of it. */
export async function firstRequest(
  context: CliContext,
  { yes, say }: { readonly yes: boolean; readonly say: (text: string) => void },
): Promise<FirstRequest | undefined> {
  if (
    !yes &&
    !(await confirm(context, "Send one small request through the gateway? It costs a few tokens.", "--yes"))
  ) {
    return undefined;
  }
  await context.ensureRunning();
  try {
    const tried = await context.client.call(adopt.request, {});
    const request = tried.requestId === null ? undefined : await settled(context, tried.requestId);
    say(paint(context, tried.ok ? "green" : "red", `${tried.connection}: ${printable(tried.what)}`));
    if (request) say(`  ${printable(requestLine(request))}`);
    say(paint(context, "dim", "every request from now on: ownkey requests tail"));
    return { ok: tried.ok, what: tried.what, request: request ?? null };
  } catch (error) {
    const { code, message, hint } = toAppError(error);
    if (code === "internal") throw error;
    say(`${paint(context, "red", message)}${hint === undefined ? "" : `\n  ${hint}`}`);
    return { ok: false, what: message, request: null };
  }
}

/** The ledger settles a request when its answer has gone out whole, which may be a moment later. */
async function settled(context: CliContext, id: string): Promise<FirstRequest["request"]> {
  for (let look = 0; look < LOOKS; look++) {
    const { items } = await context.client.call(requests.list, { limit: 20 });
    const found = items.find(({ requestId, state }) => requestId === id && state !== "reserved");
    if (found) return found;
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return null;
}
