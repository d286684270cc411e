export type SettingValue = string | number | boolean | readonly string[] | null;

export interface SettingDeclaration {
  readonly name: string;
  readonly type: "string" | "url" | "integer" | "boolean" | "list" | "choice";
  /** Of a `url`: plain http may lead to this machine only. */
  readonly tlsBeyondLoopback?: boolean;
  /** Of a `list`: each is a name or an address, with a port or without, as a Host header has it. */
  readonly ofHosts?: boolean;
  /** Of a `choice`. */
  readonly choices?: readonly string[];
  /** Of an `integer`, both included. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default: SettingValue;
  /** Environment variable that overrides the file. */
  readonly variable: string | null;
  /** A program that is running keeps the former value until its next start. */
  readonly needsRestart: boolean;
  /** May hold a password: shown as `[secret]`, and taken from the variable only, never from the file. */
  readonly secret?: boolean;
  readonly help: string;
}
