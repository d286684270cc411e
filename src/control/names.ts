import { type Queries, type Row, textOf } from "../store/index.ts";
import type { Control } from "./control.ts";

/** Names that people gave, for the ids that the ledger holds. A record that is gone keeps its id. */
export interface Names {
  virtualKey(id: string): string;
  connection(id: string): string;
  /** `connection/name`. */
  providerKey(id: string): string;
}

/**
 * Read without row MACs: a name in a report decides nothing, and reports work while the vault is locked. There may be a
 * million virtual keys: the names of those that are asked for are read, else of those that have a budget.
 */
export async function loadNames(
  { store }: Pick<Control, "store">,
  virtualKeyIds?: Iterable<string>,
): Promise<Names> {
  const [virtualKeys, connections, keys] = await Promise.all([
    virtualKeyIds === undefined ? store.all(WITH_BUDGET) : namesOf(store, [...new Set(virtualKeyIds)]),
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

const WITH_BUDGET =
  "SELECT v.id, v.name FROM budgets b JOIN virtual_keys v ON v.id = substr(b.subject, 4) WHERE b.subject LIKE 'vk:%'";

/** Within what a statement may have of parameters. */
const AT_ONCE = 500;

async function namesOf(store: Queries, ids: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    const marks = some.map(() => "?").join(", ");
    rows.push(...(await store.all(`SELECT id, name FROM virtual_keys WHERE id IN (${marks})`, some)));
  }
  return rows;
}
