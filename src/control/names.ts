import { textOf } from "../store/index.ts";
import type { Control } from "./control.ts";

/** Names that people gave, for the ids that the ledger holds. A record that is gone keeps its id. */
export interface Names {
  virtualKey(id: string): string;
  connection(id: string): string;
  /** `connection/name`. */
  providerKey(id: string): string;
}

/** Read without row MACs: a name in a report decides nothing, and reports work while the vault is locked. */
export async function loadNames({ store }: Pick<Control, "store">): Promise<Names> {
  const [virtualKeys, connections, keys] = await Promise.all([
    store.all("SELECT id, name FROM virtual_keys"),
    store.all("SELECT id, name FROM connections"),
    store.all(
      "SELECT k.id, c.name AS connection, k.name FROM provider_keys k JOIN connections c ON c.id = k.connection_id",
    ),
  ]);
  const byId = new Map<string, string>();
  for (const row of [...virtualKeys, ...connections]) byId.set(textOf(row, "id"), textOf(row, "name"));
  for (const row of keys) byId.set(textOf(row, "id"), `${textOf(row, "connection")}/${textOf(row, "name")}`);
  const nameOf = (id: string) => byId.get(id) ?? id;
  return { virtualKey: nameOf, connection: nameOf, providerKey: nameOf };
}
