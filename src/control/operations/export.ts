import { z } from "zod";
import type { Caller } from "../../access/index.ts";
import { KEY_FORMATS, referenceTo, writeFormat, type WrittenKey } from "../../adopt/index.ts";
import type { Connection, ProviderKey } from "../../connections/index.ts";
import { AppError } from "../../kernel/index.ts";
import { providerById } from "../../providers/index.ts";
import type { Control } from "../control.ts";
import { operation } from "../operation.ts";
import { nameSchema, refSchema } from "../schemas.ts";
import { gatewayUrlOf } from "../tools/gateway-url.ts";

const input = z.object({
  format: z.enum(KEY_FORMATS),
  connections: z.array(refSchema).default([]).describe("none = all"),
});

const written = { text: z.string(), notes: z.array(z.string()) };

export const references = operation({
  name: "export.references",
  summary: "Settings with references, which ownkey run and ownkey inject resolve; no secret in them",
  place: "anywhere",
  withoutHome: true,
  input,
  output: z.object(written),
  async run(control, _caller, { format, connections }) {
    const keys = await chosen(control, connections);
    return documentOf(
      format,
      keys.map(({ connection, key }) => ({
        ...writtenKey(connection, key, referenceTo({ connection: connection.name, name: key.name })),
        isReference: true,
      })),
    );
  },
});

export const virtualKey = operation({
  name: "export.virtualKey",
  summary: "Settings with a new virtual key and the gateway's address; the virtual key is shown this once",
  place: "anywhere",
  input: input.extend({ name: nameSchema }),
  output: z.object({ ...written, virtualKey: z.string() }),
  async run(control, caller, { format, connections, name }) {
    const keys = await chosen(control, connections);
    const made = await control.virtualKeys.create(caller, {
      name,
      policy: { connections: keys.map(({ connection }) => connection.id), purpose: `export as ${format}` },
    });
    const gatewayUrl = gatewayUrlOf(control);
    const document = documentOf(
      format,
      keys.map(({ connection, key }) => ({
        ...writtenKey(connection, key, made.token.reveal()),
        gateway: `${gatewayUrl}/c/${connection.name}`,
      })),
    );
    return { ...document, virtualKey: made.virtualKey.name };
  },
});

export const real = operation({
  name: "export.real",
  summary: "Settings with the provider keys themselves; each one is in the audit log as revealed",
  place: "own-process",
  input,
  output: z.object({
    ...written,
    keys: z.array(z.string()).describe("connection/name of those in the text"),
  }),
  async run(control, caller, { format, connections }) {
    const keys = await chosen(control, connections);
    const revealed = await Promise.all(keys.map(async (one) => await revealedKey(control, caller, one)));
    return { ...documentOf(format, revealed), keys: revealed.map(({ label }) => label) };
  },
});

interface Chosen {
  readonly connection: Connection;
  readonly key: ProviderKey;
}

/** The key in use of each connection. @throws AppError `not_found` when there is none. */
async function chosen({ connections }: Control, wanted: readonly string[]): Promise<Chosen[]> {
  const all =
    wanted.length === 0
      ? await connections.list()
      : await Promise.all(wanted.map(async (ref) => await connections.resolve(ref)));
  const found: Chosen[] = [];
  for (const connection of all) {
    const key = await connections.servingKeyOf(connection.id);
    if (key) found.push({ connection, key });
  }
  if (found.length > 0) return found;
  throw new AppError("not_found", "there is no key to be written", { hint: "run: ownkey keys list" });
}

async function revealedKey(
  control: Control,
  caller: Caller,
  { connection, key }: Chosen,
): Promise<WrittenKey> {
  const value = await control.connections.reveal(caller, key.id);
  return writtenKey(connection, key, value.reveal());
}

function writtenKey(
  { provider, preset, name, settings }: Connection,
  key: ProviderKey,
  value: string,
): WrittenKey {
  return { provider: providerById(provider, preset), label: `${name}/${key.name}`, value, settings };
}

function documentOf(format: (typeof KEY_FORMATS)[number], keys: readonly WrittenKey[]) {
  const { text, notes } = writeFormat(format, keys);
  return { text, notes: [...notes] };
}
