/** Setting a value beside another one in TOML and YAML, by lines: everything else stays as it was written. */
import type { KeyFile, Occurrence } from "./key-file.ts";
import type { TextEdit } from "./text-edit.ts";

export interface LineSetting {
  readonly name: string;
  readonly value: string;
  /** Groups further out are not reached by lines. */
  readonly above: number;
}

/** `undefined` where the key's line is not of the simple sort. */
export function setBesideLine(
  file: KeyFile,
  occurrence: Occurrence,
  setting: LineSetting,
): TextEdit[] | undefined {
  if (setting.above > 0) return undefined;
  const block = blockAround(file, occurrence);
  const toml = file.format === "toml";
  const written = toml ? `${setting.name} = "${setting.value}"` : `${setting.name}: "${setting.value}"`;
  if (block.isFlow) return inFlow(file, occurrence, { ...setting, written });
  const existing = block.lines.find(({ text }) => nameOf(text, toml) === setting.name);
  if (existing) {
    const value = valueOf(existing.text, toml);
    if (!value) return undefined;
    const start = existing.offset + value.start;
    return [{ start, end: start + value.length, text: `"${setting.value}"` }];
  }
  const own = lineAt(file.text, occurrence.start);
  return [{ start: own.end, end: own.end, text: `${own.lineBreak}${" ".repeat(block.indent)}${written}` }];
}

interface Line {
  readonly text: string;
  readonly offset: number;
}

/** Lines of the same group as the key: those of its table, or of its mapping. */
function blockAround(
  file: KeyFile,
  { start }: Occurrence,
): { lines: Line[]; indent: number; isFlow: boolean } {
  const own = lineAt(file.text, start);
  const before = file.text.slice(own.start, start);
  const isFlow = /[{,]\s*["']?[\w.-]+["']?\s*[:=]\s*["']?(?:Bearer )?$/.test(before) && before.includes("{");
  const toml = file.format === "toml";
  const indent = keyColumn(own.text);
  const belongs = toml ? isInTable : isInMapping(indent);
  const all = linesOf(file.text);
  const index = all.findIndex(({ offset }) => offset === own.start);
  const lines: Line[] = [];
  for (let at = index; at >= 0; at--) {
    const line = all[at];
    if (!line || !belongs(line.text)) break;
    lines.push(line);
    // The first line of a list's item.
    if (!toml && /^\s*-\s/.test(line.text) && keyColumn(line.text) === indent) break;
  }
  for (let at = index + 1; at < all.length; at++) {
    const line = all[at];
    if (
      !line ||
      !belongs(line.text) ||
      (!toml && /^\s*-\s/.test(line.text) && keyColumn(line.text) === indent)
    ) {
      break;
    }
    lines.push(line);
  }
  return { lines: toml ? lines : lines.filter(({ text }) => keyColumn(text) === indent), indent, isFlow };
}

function isInTable(text: string): boolean {
  return !/^\s*\[/.test(text);
}

function isInMapping(indent: number): (text: string) => boolean {
  return (text) => /^\s*(?:#|$)/.test(text) || keyColumn(text) >= indent;
}

/** Where a line's first name stands, behind the dashes of lists. */
function keyColumn(text: string): number {
  return /^\s*(?:-\s+)*/.exec(text)?.[0].length ?? 0;
}

function nameOf(text: string, toml: boolean): string | undefined {
  const name = (toml ? /^\s*["']?([\w.-]+)["']?\s*=/ : /^\s*(?:-\s+)*["']?([\w.-]+)["']?\s*:/).exec(text);
  return name?.[1];
}

function valueOf(text: string, toml: boolean): { start: number; length: number } | undefined {
  const found = (
    toml
      ? /^(\s*["']?[\w.-]+["']?\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*')/
      : /^(\s*(?:-\s+)*["']?[\w.-]+["']?\s*:\s+)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"'|>&*{[][^#]*?(?=\s+#|\s*$))/
  ).exec(text);
  return found ? { start: found[1]?.length ?? 0, length: found[2]?.length ?? 0 } : undefined;
}

/** `{ apiKey: "…", base: "…" }` */
function inFlow(
  { text }: KeyFile,
  { start, end }: Occurrence,
  { name, written, value }: LineSetting & { written: string },
): TextEdit[] | undefined {
  const own = lineAt(text, start);
  const sibling = new RegExp(
    `([{,]\\s*["']?${RegExp.escape(name)}["']?\\s*[:=]\\s*)("[^"]*"|'[^']*'|[^,}\\s]+)`,
  );
  const existing = sibling.exec(own.text);
  if (existing) {
    const at = own.start + existing.index + (existing[1]?.length ?? 0);
    return [{ start: at, end: at + (existing[2]?.length ?? 0), text: `"${value}"` }];
  }
  const quoted = /["']/.test(text[end] ?? "");
  const at = quoted ? end + 1 : end;
  return [{ start: at, end: at, text: `, ${written}` }];
}

function lineAt(
  text: string,
  offset: number,
): { start: number; end: number; text: string; lineBreak: string } {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const next = text.indexOf("\n", offset);
  const hasReturn = next > 0 && text[next - 1] === "\r";
  const end = next < 0 ? text.length : hasReturn ? next - 1 : next;
  return { start, end, text: text.slice(start, end), lineBreak: hasReturn ? "\r\n" : "\n" };
}

function linesOf(text: string): Line[] {
  let offset = 0;
  return text.split("\n").map((line) => {
    const found = { text: line.replace(/\r$/, ""), offset };
    offset += line.length + 1;
    return found;
  });
}
