import { z } from "zod";
import type { Caller } from "../../access/index.ts";
import { AppError, formatTime } from "../../kernel/index.ts";
import type { Control } from "../control.ts";
import { labelSchema, nameSchema, refSchema } from "../schemas.ts";
import { assertMayUse, noConnection, resolveReferences } from "./resolved.ts";
import { sdkEnvironment } from "./sdk-environment.ts";
import { settingOf } from "../setting-of.ts";

export const toolSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,47}$/,
    "must be 1 to 48 lower-case letters, digits, . _ -, beginning with a letter or digit",
  );

export const runInput = z.object({
  tool: toolSchema.default("run"),
  virtualKey: labelSchema.optional().describe("a virtual key to run under instead of the tool's"),
  connection: nameSchema.optional().describe("send everything to this connection"),
  onlyReferences: z.boolean().default(false),
  references: z.record(z.string().min(1).max(256), refSchema).default({}).describe("variable → reference"),
});

/** What a program is run with. The token is good for as long as the session of `session` is held open. */
export interface RunSession {
  readonly session: string;
  readonly token: string;
  readonly expiresAt: string;
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  readonly notices: readonly string[];
}

/**
 * Issues the token of one run and works out its environment. Only in the running program, which has to be there for
 * the token to be of use. @throws AppError `not_found`, `denied`, `no_connection`, `vault_locked`.
 */
export async function openRunSession(
  control: Control,
  caller: Caller,
  input: z.output<typeof runInput>,
): Promise<RunSession> {
  const { connections, running, toolTokens } = control;
  if (!running) throw new AppError("not_running", "no Ownkey is running on this home");
  // Before a token is issued: what is mistyped leaves no trace.
  const references = await resolveReferences(control, Object.values(input.references));
  const [issued, all, keys] = await Promise.all([
    toolTokens.issueForSession(caller, input),
    connections.list(),
    connections.keys(),
  ]);
  const { virtualKey } = issued;
  const { policy } = virtualKey;
  for (const { found } of references.values()) assertMayUse(virtualKey, found);

  const withKey = new Set(keys.filter(isUsable).map(({ connectionId }) => connectionId));
  const usable = all.filter(
    ({ id }) => withKey.has(id) && (policy.connections.length === 0 || policy.connections.includes(id)),
  );
  const only = input.connection === undefined ? undefined : all.find(({ name }) => name === input.connection);
  if (input.connection !== undefined && !only) throw noConnection(input.connection);
  if (only) assertMayUse(virtualKey, only);
  if (usable.length === 0) {
    throw new AppError("no_connection", "there is no provider key that a program could be run with", {
      hint: "add one: ownkey keys add openai",
    });
  }
  const environment = sdkEnvironment({
    gatewayUrl: gatewayAddress(control, running.url),
    token: issued.token.reveal(),
    connections: usable,
    only,
    onlyReferences: input.onlyReferences,
    references: new Map(
      Object.entries(input.references).flatMap(([name, text]) => {
        const reference = references.get(text);
        return reference ? [[name, reference] as const] : [];
      }),
    ),
    hasDefault: policy.defaultConnection !== null,
  });
  return {
    session: issued.tokenId,
    token: issued.token.reveal(),
    expiresAt: formatTime(issued.expiresAtMs),
    ...environment,
  };
}

function isUsable({ kind, state }: { readonly kind: string; readonly state: string }): boolean {
  return kind === "inference" && state === "active";
}

/** Under TLS the name of the certificate counts, which is that of the public address. */
export function gatewayAddress({ settings }: Pick<Control, "settings">, url: string): string {
  // Settings are read from their file: not for a run that has no use for them.
  const publicUrl = url.startsWith("https:") ? settingOf(settings)("publicUrl") : undefined;
  const address = typeof publicUrl === "string" ? publicUrl : url;
  return address.replace(/\/+$/, "");
}
