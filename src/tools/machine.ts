import { posix, win32 } from "node:path";

/** What places depend on; nothing here reads the real machine. */
export interface Machine {
  /** As `process.platform` says; anything but `win32` and `darwin` is treated like Linux. */
  readonly platform: string;
  /** The user's home folder. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The usual base folders of one machine, and how paths are joined there. */
export interface Folders {
  readonly home: string;
  /** `~/.config` or `XDG_CONFIG_HOME`, on every system: for tools that follow XDG everywhere. */
  readonly xdgConfig: string;
  /** `~/.local/share` or `XDG_DATA_HOME`, likewise. */
  readonly xdgData: string;
  /** Where desktop programs keep settings: `~/.config`, `~/Library/Application Support`, `%APPDATA%`. */
  readonly settings: string;
  readonly platform: "linux" | "darwin" | "win32";
  readonly join: (...parts: string[]) => string;
  /** The value of a variable that a tool reads, if set and not empty. */
  readonly variable: (name: string) => string | undefined;
}

export function foldersOf({ platform, home, env }: Machine): Folders {
  const known = platform === "win32" || platform === "darwin" ? platform : "linux";
  const join = known === "win32" ? win32.join : posix.join;
  const variable = (name: string) => env[name] || undefined;
  const xdgConfig = variable("XDG_CONFIG_HOME") ?? join(home, ".config");
  const settings = {
    linux: xdgConfig,
    darwin: join(home, "Library", "Application Support"),
    win32: variable("APPDATA") ?? join(home, "AppData", "Roaming"),
  }[known];
  const xdgData = variable("XDG_DATA_HOME") ?? join(home, ".local", "share");
  return { home, xdgConfig, xdgData, settings, platform: known, join, variable };
}
