import type { Clock } from "./clock.ts";
import { formatTime } from "./clock.ts";
import { AppError } from "./errors.ts";
import { maskSecrets } from "./mask.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * One line of JSON per event. Every text in it passes {@link maskSecrets}; headers and bodies are never given to it.
 * Logging never throws: a field that cannot be written is said to be so.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface LogOptions {
  level: LogLevel;
  clock: Clock;
  write: (line: string) => void;
}

export function createLog({ level, clock, write }: LogOptions): Log {
  const threshold = LOG_LEVELS.indexOf(level);
  const at = (name: Exclude<LogLevel, "silent">) => {
    if (LOG_LEVELS.indexOf(name) < threshold) return () => {};
    return (event: string, fields: LogFields = {}) => {
      const head = { time: formatTime(clock.nowMs()), level: name, event };
      write(`${lineOf(head, fields)}\n`);
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function lineOf(head: LogFields, fields: LogFields): string {
  try {
    return JSON.stringify({ ...head, ...fields, ...head }, plain);
  } catch {
    return JSON.stringify({ ...head, unwritable: Object.keys(fields) }, plain);
  }
}

/**
 * Each value in a form that JSON has. Texts are masked here, before they are escaped: in the finished line a key after
 * a line break would stand behind `\n` and no longer at a word's beginning, and a masked backslash would break the line.
 */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === "string") return maskSecrets(value);
  if (typeof value === "bigint") return value.toString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof AppError) {
    return { code: value.code, message: value.message, details: value.details, cause: value.cause };
  }
  if (value instanceof Error) {
    return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
  }
  return value;
}
