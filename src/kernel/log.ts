import type { Clock } from "./clock.ts";
import { formatTime } from "./clock.ts";
import { AppError } from "./errors.ts";
import { maskSecrets } from "./mask.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** One line of JSON per event. Everything written passes {@link maskSecrets}; headers and bodies are never given to it. */
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
      const line = JSON.stringify({ time: formatTime(clock.nowMs()), level: name, event, ...fields }, plain);
      write(`${maskSecrets(line)}\n`);
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Errors and bigints in a form that JSON has. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof AppError) {
    return { code: value.code, message: value.message, cause: value.cause };
  }
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return value;
}
