import type { Connection, ProviderKey } from "../connections/index.ts";
import { AppError, type Secret } from "../kernel/index.ts";
import { type ConnectionSettings, providerById, type VerdictName } from "../providers/index.ts";
import type { Control } from "./control.ts";
import { takeIn } from "./key-intake.ts";

export interface Rebinding {
  readonly connection: Connection;
  /** As they will be: the keys are tested there. */
  readonly settings: ConnectionSettings;
  /** Values given again, by key name. */
  readonly values: Readonly<Record<string, Secret>>;
  readonly test: boolean;
  readonly keep: boolean;
}

/** Values that passed, by key id, for `Connections.set`. */
export interface TakenAgain {
  readonly values: ReadonlyMap<string, Secret>;
  readonly verdicts: ReadonlyMap<string, VerdictName>;
  readonly warnings: readonly string[];
}

/**
 * Takes in the keys of a connection again for another address: each passes the same checks as a new one.
 * @throws AppError `not_found` for a name that is no key of the connection, `key_refused`.
 */
export async function takeInAgain(control: Control, rebinding: Rebinding): Promise<TakenAgain> {
  const { connection, settings, test, keep } = rebinding;
  const provider = providerById(connection.provider, connection.preset);
  const keys = await control.connections.keysOf(connection.id);
  const values = new Map<string, Secret>();
  const verdicts = new Map<string, VerdictName>();
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(rebinding.values)) {
    const { id, kind } = keyNamed(keys, connection, name);
    const taken = await takeIn(control, { provider, settings, value, kind, test, keep });
    values.set(id, taken.value);
    if (taken.test) verdicts.set(id, taken.test.verdict);
    warnings.push(...taken.warnings);
  }
  return { values, verdicts, warnings };
}

function keyNamed(keys: readonly ProviderKey[], connection: Connection, name: string): ProviderKey {
  const found = keys.find((key) => key.name === name && key.state !== "removed");
  if (found) return found;
  throw new AppError("not_found", `${connection.name} has no key of the name that was given`, {
    hint: `ownkey keys list shows its keys`,
  });
}
