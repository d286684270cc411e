import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { resolveProviderName } from "../../providers/index.ts";
import type { KeyInFile, Lent } from "./key-file.ts";
import { openBytes } from "../../tools/index.ts";
import { rewriteDatabase, type RewrittenDatabase } from "./rewrite-database.ts";

const VK = `sk-${"ownkey"}-example`;
const GATEWAY = "http://127.0.0.1:7788";
const openai: KeyInFile = {
  value: `sk-${"proj"}-${"a1B2".repeat(12)}`,
  provider: resolveProviderName("openai").provider,
  connection: "openai",
  name: "main",
};

const lent = (isConnected = false): Lent => ({
  virtualKey: VK,
  gatewayUrl: GATEWAY,
  isConnected: () => isConnected,
  settingsOf: () => undefined,
  readText: () => undefined,
});

function bytesOf(fill: (database: Database) => void): Uint8Array {
  using database = new Database(":memory:");
  fill(database);
  return database.serialize();
}

function rewrite(
  file: Parameters<typeof rewriteDatabase>[0],
  bytes: Uint8Array,
  keys: readonly KeyInFile[],
  given: Lent,
): RewrittenDatabase {
  using database = openBytes(bytes);
  return rewriteDatabase(file, database, keys, given);
}

const cursor = (key: string, value: string | Uint8Array) =>
  bytesOf((database) => {
    database.run("CREATE TABLE ItemTable (key TEXT UNIQUE, value BLOB)");
    database.query("INSERT INTO ItemTable VALUES (?, ?)").run(key, value);
  });

test("Cursor's rows are emptied, and get a virtual key only when it goes through the gateway", () => {
  const bytes = cursor("cursorAuth/openAIKey", openai.value);
  const emptied = rewrite({ tool: "cursor", purpose: "state" }, bytes, [openai], lent());
  expect(emptied.rows.map(({ value }) => value)).toEqual([""]);
  expect(emptied.replaced[0]).toMatchObject({ way: "removed", place: "ItemTable cursorAuth/openAIKey" });
  const lentOne = rewrite({ tool: "cursor", purpose: "state" }, bytes, [openai], lent(true));
  expect(lentOne.rows.map(({ value }) => value)).toEqual([VK]);
});

test("the key of its Azure settings goes, and everything beside it stays", () => {
  const state = { theme: "dark", azureState: { useAzure: true, apiKey: openai.value, baseUrl: "x" } };
  const bytes = cursor("applicationUser", Buffer.from(JSON.stringify(state)));
  const { rows } = rewrite({ tool: "cursor", purpose: "state" }, bytes, [openai], lent());
  expect(JSON.parse(rows[0]?.value ?? "")).toEqual({
    ...state,
    azureState: { ...state.azureState, apiKey: "" },
  });
});

test("Open WebUI: key and address at the same place of their lists", () => {
  const data = {
    openai: { api_keys: ["a", openai.value], api_base_urls: ["https://a", "https://b"] },
    ui: 1,
  };
  const bytes = bytesOf((database) => {
    database.run("CREATE TABLE config (id INTEGER PRIMARY KEY, data JSON)");
    database.query("INSERT INTO config VALUES (7, ?)").run(JSON.stringify(data));
  });
  const { rows } = rewrite({ tool: "open-webui", purpose: "state" }, bytes, [openai], lent());
  expect(rows[0]).toMatchObject({ table: "config", column: "data", key: { column: "id", value: 7 } });
  expect(JSON.parse(rows[0]?.value ?? "")).toEqual({
    openai: { api_keys: ["a", VK], api_base_urls: ["https://a", `${GATEWAY}/c/openai/v1`] },
    ui: 1,
  });
});

test("what was said gets a reference; rows of which nothing is known stay and are told", () => {
  const bytes = cursor("composerData:1", `look: ${openai.value}!`);
  const history = rewrite({ tool: "llm", purpose: "history" }, bytes, [openai], lent());
  expect(history.rows.map(({ value }) => value)).toEqual(["look: ownkey://openai/main!"]);
  const state = rewrite({ tool: "cursor", purpose: "state" }, bytes, [openai], lent());
  expect(state.rows).toEqual([]);
  expect(state.left).toMatchObject([{ place: "ItemTable composerData:1", isSaid: false }]);
  const said = cursor("aiService.prompts", `look: ${openai.value}!`);
  const { left } = rewrite({ tool: "cursor", purpose: "state" }, said, [openai], lent());
  expect(left).toMatchObject([{ place: "ItemTable aiService.prompts", isSaid: true }]);
});
