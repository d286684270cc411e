import { z } from "zod";
import { AppError, formatTime } from "../../kernel/index.ts";
import { providerById } from "../../providers/index.ts";
import { operation } from "../operation.ts";
import { gatewayBaseUrl, resolveReferences } from "../run/resolved.ts";
import { gatewayAddress, toolSchema } from "../run/session.ts";
import { nameSchema, nullableTime, refSchema } from "../schemas.ts";

const references = z.array(refSchema).max(1000);
const values = z.record(z.string(), z.string());

/** A day: more than any tool token lives. */
const LONGEST_LIFE_SECONDS = 86_400;

export const lend = operation({
  name: "references.lend",
  summary: "Credentials of the gateway, and its addresses, for references to keys",
  place: "running",
  input: z.object({
    references,
    tool: toolSchema.default("inject"),
    lifeSeconds: z.number().int().min(1).max(LONGEST_LIFE_SECONDS).default(3600),
    newVirtualKey: nameSchema
      .optional()
      .describe("make a lasting virtual key of this name instead of a token"),
  }),
  output: z.object({ values, expiresAt: nullableTime.describe("null = it lasts until it is revoked") }),
  async run(control, caller, input) {
    const { running, toolTokens, virtualKeys } = control;
    if (!running) throw new AppError("not_running", "no Ownkey is running on this home");
    const resolved = await resolveReferences(control, input.references);
    const address = gatewayAddress(control, running.url);
    let credential: string | undefined;
    let expiresAt: string | null = null;
    if ([...resolved.values()].some(({ wants }) => wants === "credential")) {
      if (input.newVirtualKey !== undefined) {
        const connections = [...new Set([...resolved.values()].map(({ found }) => found.id))];
        const policy = {
          connections,
          defaultConnection: connections.length === 1 ? (connections[0] ?? null) : null,
        };
        const made = await virtualKeys.create(caller, { name: input.newVirtualKey, policy });
        credential = made.token.reveal();
      } else {
        const issued = await toolTokens.issue(caller, input.tool, { lifeMs: input.lifeSeconds * 1000 });
        credential = issued.token.reveal();
        expiresAt = formatTime(issued.expiresAtMs);
      }
    }
    const entries = [...resolved].map(([text, { wants, found }]) => [
      text,
      wants === "base-url" ? gatewayBaseUrl(address, found) : (credential ?? ""),
    ]);
    return { values: Object.fromEntries(entries) as Record<string, string>, expiresAt };
  },
});

export const reveal = operation({
  name: "references.reveal",
  summary: "The keys themselves that references name, for their owner at a terminal",
  place: "own-process",
  input: z.object({ references }),
  output: z.object({ values }),
  async run(control, caller, input) {
    const resolved = await resolveReferences(control, input.references);
    const found: Record<string, string> = {};
    for (const [text, { wants, found: connection, providerKey }] of resolved) {
      const { provider, preset, settings } = connection;
      found[text] =
        wants === "base-url"
          ? realBaseUrl(providerById(provider, preset).testCall(settings).url, settings.baseUrl)
          : (await control.connections.reveal(caller, providerKey.id)).reveal();
    }
    return { values: found };
  },
});

/** With the version segment that the provider's own calls have. */
function realBaseUrl(callUrl: string, baseUrl: string): string {
  const version = /^\/v\d[a-z0-9]*(?=\/)/.exec(callUrl.slice(baseUrl.length))?.[0] ?? "";
  return `${baseUrl}${version}`;
}
