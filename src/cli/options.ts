import { type Command, InvalidArgumentError } from "commander";
import { AppError, formatTime } from "../kernel/index.ts";

/** Collects a repeatable option; commas separate as well. Nothing is not taken for everything. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  const parts = partsOf(value);
  if (parts.length === 0) throw new InvalidArgumentError("one or more, separated by commas");
  return [...(before ?? []), ...parts];
}

/** The same, where an empty text takes away what there was. */
export function collectOrNone(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), ...partsOf(value)];
}

function partsOf(value: string): string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("a whole number");
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** A time in the future: `2027-01-31`, an RFC 3339 time, or a span such as `30d`, `12h`. */
export function futureTime(text: string): string {
  const time = relativeTime(text, 1);
  if (Date.parse(time) <= Date.now()) throw new InvalidArgumentError("a time in the future");
  return time;
}

/** A time in the past: the same forms, a span counting back from now. */
export function pastTime(text: string): string {
  return relativeTime(text, -1);
}

function relativeTime(text: string, direction: 1 | -1): string {
  const span = /^(\d{1,5})([mhdw])$/.exec(text);
  if (span) return formatTime(Date.now() + direction * Number(span[1]) * (UNITS[span[2] ?? ""] ?? 0));
  // Without a zone a time would be read in the machine's own.
  const timeMs = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(timeMs)) {
    throw new InvalidArgumentError("a date (2027-01-31), a time (2027-01-31T12:00:00Z) or a span (30d, 12h)");
  }
  return formatTime(timeMs);
}

/** Refuses a command line with two of these options of the command (`--hard`): only one can be meant. */
export function exclusive(command: Command, ...flags: readonly string[]): Command {
  const options = command.options.filter(({ long }) => flags.includes(long ?? ""));
  for (const option of options) {
    option.conflicts(options.filter((other) => other !== option).map((other) => other.attributeName()));
  }
  return command;
}

/** The same for a pair that the parser cannot tell. */
export function excludeEachOther(one: string, other: string): AppError {
  return new AppError("usage", `${one} and ${other} exclude each other`, { hint: "leave out one of them" });
}

/** An example under a command's options, as every command has one. */
export function example(...lines: readonly string[]): string {
  return `\nExample${lines.length > 1 ? "s" : ""}:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
}

/** Drops what was not given, so that absent options stay absent. */
export function given<Options extends object>(
  options: Options,
): { [Name in keyof Options]: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
