/** Keys in JSON, TOML and YAML settings of tools whose files also hold the address. */
import { type Dialect, sdkVariables } from "../../providers/index.ts";
import type { ValueEdit } from "../../tools/index.ts";
import { ADDRESS_SETTINGS } from "./addresses.ts";
import { jsonEdit } from "./json-edit.ts";
import { jsonPathOf } from "./json-path.ts";
import { connectionUrl, type KeyFile, type Occurrence, type Rewriter } from "./key-file.ts";
import { setBesideLine } from "./line-settings.ts";
import { applyEdits, type TextEdit } from "./text-edit.ts";

/** Gives the setting a virtual key and sets the address beside it; or the key alone, where the tool's way is known. */
export const rewriteSetting: Rewriter = (file, occurrence, lent) => {
  const { entry, key, start, end } = occurrence;
  if (!entry || !isSettings(file)) return undefined;
  const edits = [{ start, end, text: lent.virtualKey }];
  const wanted = addressFor(file, occurrence);
  if (wanted) {
    const baseUrl = connectionUrl(key, lent, wanted.path);
    const setting = { ...wanted, value: baseUrl };
    const both =
      file.format === "jsonc"
        ? inJson(file, occurrence, { ...setting, virtualKey: lent.virtualKey })
        : withBesideLine(edits, setBesideLine(file, occurrence, setting));
    if (both) return { occurrence, way: "virtual_key", baseUrl, edits: both };
  }
  if (file.tool !== undefined && lent.isConnected(file.tool, key.provider)) {
    return { occurrence, way: "virtual_key", edits };
  }
  return undefined;
};

function isSettings({ format }: KeyFile): boolean {
  return format === "jsonc" || format === "toml" || format === "yaml";
}

interface Address {
  readonly name: string;
  readonly path: string;
  readonly above: number;
}

/** A block of variables names those of the SDK; else the tool's own setting for it, if it has one. */
function addressFor({ tool }: KeyFile, { entry, key }: Occurrence): Address | undefined {
  const name = entry?.path.at(-1) ?? "";
  const { keys, baseUrls } = sdkVariables(key.provider);
  const [variable] = baseUrls;
  if (variable && keys.includes(name)) return { name: variable[0], path: variable[1], above: 0 };
  const setting = ADDRESS_SETTINGS.find((one) => one.tool === tool && one.key.test(name));
  const dialect: Dialect = key.provider.dialect;
  return setting && { name: setting.base, path: setting.paths[dialect], above: setting.above ?? 0 };
}

interface Setting extends Address {
  readonly value: string;
  readonly virtualKey: string;
}

/** The key first: what is set beside it moves things about. */
function inJson(file: KeyFile, occurrence: Occurrence, setting: Setting): TextEdit[] | undefined {
  const { start, end } = occurrence;
  const keyless = applyEdits(file.text, [{ start, end, text: setting.virtualKey }]);
  const edit = jsonEdit(file, [addressEdit(file, keyless, occurrence, setting)], keyless);
  return edit && [edit];
}

function addressEdit(
  file: KeyFile,
  text: string,
  { entry }: Occurrence,
  { name, value, above }: Setting,
): ValueEdit {
  const names = entry?.path ?? [];
  const path = jsonPathOf(text, names);
  const isPair = path.at(-1) === "value" && names.at(-1) !== "value";
  const group = path.slice(0, -1 - above);
  if (!isPair) return { at: [...group, name], value };
  const list = group.slice(0, -1);
  const inList = file.entries.filter(
    ({ path: other }) => other.length === names.length && isIn(other, list) && isNumber(other[list.length]),
  );
  const existing = inList.find(({ path: other }) => other.at(-1) === name);
  if (existing) return { at: jsonPathOf(text, existing.path), value };
  const last = Math.max(...inList.map(({ path: other }) => Number(other[list.length])));
  return { at: [...list, last + 1], value: { name, value } };
}

function isNumber(segment: string | undefined): boolean {
  return /^\d+$/.test(segment ?? "");
}

function withBesideLine(
  edits: readonly TextEdit[],
  address: readonly TextEdit[] | undefined,
): readonly TextEdit[] | undefined {
  return address && [...edits, ...address];
}

function isIn(path: readonly string[], list: readonly (string | number)[]): boolean {
  return list.every((segment, index) => path[index] === String(segment));
}
