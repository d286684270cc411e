/**
 * Cursor's state database, read only: an SQLite file with the table `ItemTable(key, value)`. Its form is undocumented
 * and changes by version, so anything unexpected counts as not there. Login tokens are never read, only seen.
 */
import type { Database } from "bun:sqlite";
import { objectAt, parseJson, Secret, stringAt } from "../../kernel/index.ts";
import { openUnchanged } from "../unchanged-database.ts";

export interface CursorState {
  /** Of older versions: rows that hold keys as they are. */
  readonly plainKeys: readonly { readonly row: string; readonly value: Secret }[];
  /** A row with an encrypted OpenAI key. */
  readonly hasSecretKey: boolean;
  readonly usesOpenAiKey: boolean;
  /** "Override OpenAI Base URL", when it is on. */
  readonly baseUrl: Secret | undefined;
  readonly isSignedIn: boolean;
}

const PLAIN_ROWS = ["cursorAuth/openAIKey", "cursorAuth/claudeKey", "cursorAuth/googleKey"];
const SECRET_ROW = "secret://cursorAuth/openAIKey";
const LOGIN_ROW = "cursorAuth/accessToken";
const SETTINGS_ROW =
  "src.vs.platform.reactivestorage.browser.reactiveStorageServiceImpl.persistentStorage.applicationUser";

/** `undefined` when it cannot be read: damaged, busy, of another form. */
export function readCursorState(path: string): CursorState | undefined {
  let database: Database | undefined;
  try {
    database = openUnchanged(path);
    return stateOf(database);
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}

function stateOf(database: Database): CursorState {
  const find = database.query<{ value: string | Uint8Array }, [string]>(
    "SELECT value FROM ItemTable WHERE key = ?",
  );
  const text = (key: string) => {
    const value = find.get(key)?.value;
    return typeof value === "string" ? value : value && Buffer.from(value).toString("utf8");
  };
  const isThere = database.query<{ found: number }, [string]>(
    "SELECT count(*) AS found FROM ItemTable WHERE key = ? AND length(value) > 0",
  );
  const settings = parseJson(text(SETTINGS_ROW) ?? "");
  const baseUrl = stringAt(settings, "openAIBaseUrl");
  const azureKey = stringAt(objectAt(settings, "azureState"), "apiKey");
  const plain = PLAIN_ROWS.flatMap((row) => {
    const value = text(row);
    return value ? [{ row, value: new Secret(value) }] : [];
  });
  return {
    plainKeys: azureKey ? [...plain, { row: "azureState.apiKey", value: new Secret(azureKey) }] : plain,
    hasSecretKey: /"data":\[\d/.test(text(SECRET_ROW) ?? ""),
    usesOpenAiKey: (settings as { useOpenAIKey?: unknown } | undefined)?.useOpenAIKey === true,
    baseUrl: baseUrl ? new Secret(baseUrl) : undefined,
    isSignedIn: (isThere.get(LOGIN_ROW)?.found ?? 0) > 0,
  };
}
