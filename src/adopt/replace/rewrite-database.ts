/** Keys in databases of tools. Only rows whose meaning is known are changed: the rest is the tool's own business. */
import type { Database } from "bun:sqlite";
import { isJsonObject, type Json, objectAt, parseJson } from "../../kernel/index.ts";
import type { RowEdit } from "../../tools/index.ts";
import { connectionUrl, type KeyInFile, type Lent, referenceTo, type Way } from "./key-file.ts";
import type { FileToRewrite } from "./rewrite-file.ts";

/** One value of a row with a key in it. */
interface Cell {
  readonly table: string;
  readonly column: string;
  readonly key: RowEdit["key"];
  readonly value: string;
}

export interface ReplacedRow {
  readonly key: KeyInFile;
  /** Table, and the row's own key. */
  readonly place: string;
  readonly way: Way;
  readonly note?: string;
}

export interface RewrittenDatabase {
  readonly rows: readonly RowEdit[];
  readonly replaced: readonly ReplacedRow[];
  readonly left: readonly LeftRow[];
}

interface LeftRow {
  readonly key: KeyInFile;
  readonly place: string;
  /** It stands in what was said or answered. */
  readonly isSaid: boolean;
}

interface NewValue {
  readonly value: string;
  readonly way: Way;
  readonly note?: string;
}

type CellRewriter = (
  file: Pick<FileToRewrite, "tool" | "purpose">,
  cell: Cell,
  key: KeyInFile,
  lent: Lent,
) => NewValue | undefined;

/** The first one that has a say decides. */
const REWRITERS: readonly CellRewriter[] = [inHistory, ofCursor, ofOpenWebUi];

/** Works out what becomes of the keys in a database. @throws any error of SQLite for one that is damaged. */
export function rewriteDatabase(
  file: Pick<FileToRewrite, "tool" | "purpose">,
  database: Database,
  keys: readonly KeyInFile[],
  lent: Lent,
): RewrittenDatabase {
  const result = {
    rows: [] as RowEdit[],
    replaced: [] as ReplacedRow[],
    left: [] as LeftRow[],
  };
  for (const cell of cellsWith(database, keys)) {
    const place = typeof cell.key.value === "string" ? `${cell.table} ${cell.key.value}` : cell.table;
    let { value } = cell;
    for (const key of keys.filter((one) => cell.value.includes(one.value))) {
      const next = newValue(file, { ...cell, value }, key, lent);
      if (next === undefined) result.left.push({ key, place, isSaid: isSaid(place) });
      else {
        ({ value } = next);
        const { way, note } = next;
        result.replaced.push({ key, place, way, ...(note === undefined ? {} : { note }) });
      }
    }
    if (value !== cell.value) result.rows.push({ ...cell, value });
  }
  return result;
}

const newValue: CellRewriter = (file, cell, key, lent) => {
  for (const rewriter of REWRITERS) {
    const next = rewriter(file, cell, key, lent);
    if (next && !next.value.includes(key.value)) return next;
  }
  return undefined;
};

/** What was said or answered needs no key to work. */
function inHistory(...[file, cell, key]: Parameters<CellRewriter>): NewValue | undefined {
  if (file.purpose !== "history") return undefined;
  return { value: cell.value.replaceAll(key.value, () => referenceTo(key)), way: "reference" };
}

const CURSOR_NOTE =
  "Cursor goes on with your Cursor plan; to have it use your keys through Ownkey: ownkey tools connect cursor";

/** Cursor's servers take the key with each request, so that a virtual key works only behind a public address. */
function ofCursor(...[{ tool }, cell, key, lent]: Parameters<CellRewriter>): NewValue | undefined {
  if (tool !== "cursor") return undefined;
  const instead = lent.isConnected("cursor", key.provider) ? lent.virtualKey : "";
  const way = instead === "" ? "removed" : "virtual_key";
  const told = instead === "" ? { way, note: CURSOR_NOTE } : { way };
  const row = String(cell.key.value);
  if (row.startsWith("cursorAuth/") && cell.value === key.value)
    return { value: instead, ...told } as NewValue;
  const document = parseJson(cell.value);
  const azure = objectAt(document, "azureState");
  if (!isJsonObject(document) || azure?.["apiKey"] !== key.value) return undefined;
  return {
    value: JSON.stringify({ ...document, azureState: { ...azure, apiKey: instead } }),
    ...told,
  } as NewValue;
}

/** `openai.api_keys` and `openai.api_base_urls` belong together by their place. */
function ofOpenWebUi(...[{ tool }, cell, key, lent]: Parameters<CellRewriter>): NewValue | undefined {
  if (tool !== "open-webui") return undefined;
  const document = parseJson(cell.value);
  const openai = objectAt(document, "openai");
  const keys = openai?.["api_keys"];
  const urls = openai?.["api_base_urls"];
  if (!isJsonObject(document) || !isTexts(keys)) return undefined;
  const known: readonly string[] = isTexts(urls) ? urls : [];
  const url = connectionUrl(key, lent, "/v1");
  const isIt = (index: number) => keys[index] === key.value;
  const after = {
    ...document,
    openai: {
      ...openai,
      api_keys: keys.map((one, index) => (isIt(index) ? lent.virtualKey : one)),
      api_base_urls: keys.map((_, index) => (isIt(index) ? url : (known[index] ?? ""))),
    },
  };
  return {
    value: JSON.stringify(after),
    way: "virtual_key",
    note: "start Open WebUI again; in a container the gateway is at host.docker.internal",
  };
}

function isTexts(value: Json | undefined): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** Where Cursor and VS Code keep conversations; their form is the editor's business. */
const CONVERSATION =
  /^(?:cursorDiskKV |ItemTable (?:aiService\.|workbench\.panel\.aichat|composer\.|interactive\.|chat\.))/;

function isSaid(place: string): boolean {
  return CONVERSATION.test(place);
}

/** Every value of every table that holds one of the keys. */
function* cellsWith(database: Database, keys: readonly KeyInFile[]): Generator<Cell> {
  const tables = database
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite_%'",
    )
    .all();
  for (const { name: table } of tables) {
    const columns = database
      .query<{ name: string; pk: number }, [string]>("SELECT name, pk FROM pragma_table_info(?)")
      .all(table);
    const id = columns.find(({ name }) => name === "key")?.name ?? ownId(columns) ?? "rowid";
    for (const { name: column } of columns.filter(({ name }) => name !== id)) {
      const found = database.query<{ id: string | number; value: string | Uint8Array }, string[]>(
        `SELECT ${named(id)} AS id, ${named(column)} AS value FROM ${named(table)}
         WHERE ${keys.map(() => `instr(CAST(${named(column)} AS TEXT), ?) > 0`).join(" OR ")}`,
      );
      for (const row of found.all(...keys.map(({ value }) => value))) {
        const value = typeof row.value === "string" ? row.value : Buffer.from(row.value).toString("utf8");
        yield { table, column, key: { column: id, value: row.id }, value };
      }
    }
  }
}

/** A primary key of one column stays when rows are numbered anew. */
function ownId(columns: readonly { readonly name: string; readonly pk: number }[]): string | undefined {
  const [only, ...others] = columns.filter(({ pk }) => pk > 0);
  return others.length === 0 ? only?.name : undefined;
}

function named(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
