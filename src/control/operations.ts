import type { AnyOperation } from "./operation.ts";

/**
 * Every use case of Ownkey, once: the noun of its operations' names → the file they are in. A group is loaded with its
 * schemas when one of its operations is first asked for; all of them would be most of a start.
 */
const GROUPS: Readonly<Record<string, () => Promise<object>>> = {
  program: () => import("./operations/program.ts"),
  keys: () => import("./operations/keys.ts"),
  adopt: () => import("./operations/adopt.ts"),
  eject: () => import("./operations/eject.ts"),
  export: () => import("./operations/export.ts"),
  import: () => import("./operations/import.ts"),
  connections: () => import("./operations/connections.ts"),
  vk: () => import("./operations/virtual-keys.ts"),
  budget: () => import("./operations/budgets.ts"),
  limits: () => import("./operations/limits.ts"),
  notify: () => import("./operations/notify.ts"),
  tokens: () => import("./operations/tokens.ts"),
  references: () => import("./operations/references.ts"),
  usage: () => import("./operations/usage.ts"),
  requests: () => import("./operations/requests.ts"),
  models: () => import("./operations/models.ts"),
  prices: () => import("./operations/prices.ts"),
  scan: () => import("./operations/scan.ts"),
  tools: () => import("./operations/tools.ts"),
  door: () => import("./operations/door.ts"),
  guard: () => import("./operations/guard.ts"),
  vault: () => import("./operations/vault.ts"),
  slots: () => import("./operations/slots.ts"),
  backup: () => import("./operations/backup.ts"),
  audit: () => import("./operations/audit.ts"),
  explain: () => import("./operations/explain.ts"),
  doctor: () => import("./operations/doctor.ts"),
  config: () => import("./operations/config.ts"),
};

/** Where operations are looked up. */
export interface Operations {
  /** `undefined` for a name that no operation has. */
  find(name: string): Promise<AnyOperation | undefined>;
  all(): Promise<readonly AnyOperation[]>;
}

export const OPERATIONS: Operations = {
  async find(name) {
    const noun = name.split(".", 1)[0] ?? "";
    if (!Object.hasOwn(GROUPS, noun)) return undefined;
    return (await operationsOf(noun)).find((operation) => operation.name === name);
  },

  all: async () => (await Promise.all(Object.keys(GROUPS).map(operationsOf))).flat(),
};

async function operationsOf(noun: string): Promise<readonly AnyOperation[]> {
  const group = await GROUPS[noun]?.();
  return Object.values(group ?? {}).filter(isOperation);
}

/** A group's file may export what its commands need besides: schemas, tables. */
function isOperation(exported: unknown): exported is AnyOperation {
  return typeof exported === "object" && exported !== null && "place" in exported && "run" in exported;
}
