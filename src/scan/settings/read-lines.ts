/**
 * Reading formats of one setting a line, as far as a look at single values needs it: TOML and YAML without values of
 * several lines, dotenv files, and assignments in shell files. What is not understood is passed over, never guessed.
 * Files may be anybody's: each pattern takes time that grows with the length of a line only.
 */
import { DEEPEST, type Entry } from "./entry.ts";

/** Longer lines are no settings: they are passed over. */
const LONGEST_LINE = 4096;

type Value = Pick<Entry, "value" | "column">;

/** `[table]`, `[[list]]`, `name = "text"`, dotted and quoted names; inline tables one level deep. */
export function readToml(text: string): Entry[] {
  let table: readonly string[] | undefined = [];
  return linesOf(text).flatMap(({ content, line }) => {
    const header = /^\s*\[{1,2}([^\]]+)\]{1,2}\s*(?:#.*)?$/.exec(content);
    if (header) {
      const names = tomlName(header[1] ?? "");
      table = names.length > DEEPEST ? undefined : names;
      return [];
    }
    const pair = /^(\s*)((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=\s*/.exec(
      content,
    );
    if (!pair || !table) return [];
    const path = [...table, ...tomlName(pair[2] ?? "")];
    if (path.length > DEEPEST) return [];
    const rest = content.slice(pair[0].length);
    if (rest.startsWith("{")) return inlineTable(rest, path, line, pair[0].length);
    const found = quoted(rest, pair[0].length);
    return found ? [{ path, line, ...found }] : [];
  });
}

function inlineTable(text: string, path: readonly string[], line: number, offset: number): Entry[] {
  const pairs = text.matchAll(/(?<![\w-])([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return [...pairs].map((pair) => ({
    path: [...path, pair[1] ?? ""],
    value: pair[2] ?? pair[3] ?? "",
    line,
    column: offset + pair.index + 1,
  }));
}

function tomlName(text: string): string[] {
  const parts = text.match(/"[^"]*"|'[^']*'|[^.\s]+/g) ?? [];
  return parts.map((part) => part.replaceAll(/^["']|["']$/g, ""));
}

/** `name: text` by indentation, `- name: text`, and `{ name: text, … }` on one line. */
export function readYaml(text: string): Entry[] {
  const open: { indent: number; name: string }[] = [];
  return linesOf(text).flatMap(({ content, line }) => {
    const flow = /^(\s*(?:-\s*)?)\{(.*)\}\s*$/.exec(content);
    if (flow) {
      const indent = flow[1]?.length ?? 0;
      while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
      return flowMap(
        flow[2] ?? "",
        open.map(({ name }) => name),
        line,
        indent + 1,
      );
    }
    const pair = /^(\s*(?:-\s+)*)([\w.-]+|"[^"]*"|'[^']*')\s*:(?:\s+|$)/.exec(content);
    if (!pair) return [];
    const indent = pair[1]?.length ?? 0;
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    const name = (pair[2] ?? "").replaceAll(/^["']|["']$/g, "");
    if (open.length >= DEEPEST) return [];
    const path = [...open.map((one) => one.name), name];
    open.push({ indent, name });
    const found = scalar(content.slice(pair[0].length), pair[0].length);
    return found ? [{ path, line, ...found }] : [];
  });
}

function flowMap(text: string, path: readonly string[], line: number, offset: number): Entry[] {
  const pairs = text.matchAll(/(?<![\w.-])([\w.-]+)\s*:\s+(?:"([^"]*)"|'([^']*)'|([^,{}"'\s][^,{}]*))/g);
  return [...pairs].map((pair) => ({
    path: [...path, pair[1] ?? ""],
    value: (pair[2] ?? pair[3] ?? pair[4] ?? "").trim(),
    line,
    column: offset + pair.index + 1,
  }));
}

/** Variables of `.env`, `environment.d` and shell files: `NAME=`, `export`, `setenv`, fish's `set -gx`, `$env:NAME =`. */
export function readVariables(text: string): Entry[] {
  const forms = [
    /^\s*(?:export\s+|typeset\s+-x\s+|declare\s+-x\s+)?([A-Za-z_]\w*)=/,
    /^\s*setenv\s+([A-Za-z_]\w*)\s+/,
    /^\s*set\s+(?:-[a-zA-Z]*x[a-zA-Z]*|--export|-[gU]\s+-x)\s+(?:-[a-zA-Z]+\s+|--\w+\s+)*([A-Za-z_]\w*)\s+/,
    /^\s*\$(?:env|Env|ENV):([A-Za-z_]\w*)\s*=\s*/,
  ];
  return linesOf(text).flatMap(({ content, line }) => {
    for (const form of forms) {
      const start = form.exec(content);
      if (!start) continue;
      const found = word(content.slice(start[0].length), start[0].length);
      return found ? [{ path: [start[1] ?? ""], line, ...found }] : [];
    }
    return [];
  });
}

function linesOf(text: string): { content: string; line: number }[] {
  return text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .map((content, index) => ({ content, line: index + 1 }))
    .filter(({ content }) => content.length <= LONGEST_LINE && !/^\s*#/.test(content));
}

function quoted(text: string, offset: number): Value | undefined {
  const found = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'/.exec(text);
  if (!found) return undefined;
  return { value: found[1] ?? found[2] ?? "", column: offset + 2 };
}

/** Quoted, or everything up to a comment. Block scalars, anchors and lists are no texts. */
function scalar(text: string, offset: number): Value | undefined {
  const plain = text.replace(/(?<!\s)\s+#.*$/, "").trim();
  if (plain === "" || /^[|>&*[{!]/.test(plain)) return undefined;
  return quoted(text, offset) ?? { value: plain, column: offset + 1 };
}

/** A shell's word: quoted, or up to white space, `;` or `&`. */
function word(text: string, offset: number): Value | undefined {
  const plain = /^[^\s;&|#"'`()]+/.exec(text)?.[0];
  return quoted(text, offset) ?? (plain === undefined ? undefined : { value: plain, column: offset + 1 });
}
