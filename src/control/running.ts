/**
 * How one program of a home finds another: `run/up.lock` is held by the running `ownkey up` for as long as it lives,
 * and `run/up.json` tells where it listens. The lock is the truth; the file is only believed while it is held.
 */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertPrivate, ensurePrivateDir, type FileLock, tryLock, writeDurable } from "../files/index.ts";
import { AppError, isJsonObject, parseJson } from "../kernel/index.ts";

/** What the running program tells about itself. */
export interface Running {
  readonly pid: number;
  readonly version: string;
  readonly home: string;
  readonly url: string;
  readonly ui: string;
  readonly socket: string;
  readonly startedAt: string;
  /** How long its start took. */
  readonly startMs: number;
  /** When it has made the vault: what protects that and what does not, for its owner to read once. */
  readonly statement?: string;
}

/** Longest socket path that every system takes (Linux 107 bytes, macOS 103). */
const LONGEST_SOCKET_PATH = 100;

export function runDir(home: string): string {
  return join(home, "run");
}

/**
 * Takes the place of the one running program of this home, or `undefined` when there is one already. What a former one
 * left about itself is gone then.
 */
export function claimRunning(home: string): FileLock | undefined {
  ensurePrivateDir(runDir(home));
  const place = tryLock(join(runDir(home), "up.lock"));
  if (place) removeRunning(home);
  return place;
}

/** What the running program wrote about itself; may be left over from one that is gone. */
export function readRunning(home: string): Running | undefined {
  try {
    const document = parseJson(readFileSync(runningPath(home), "utf8"));
    return isRunning(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

export function writeRunning(running: Running): void {
  writeDurable(runningPath(running.home), `${JSON.stringify(running)}\n`);
}

export function removeRunning(home: string): void {
  rmSync(runningPath(home), { force: true });
}

/**
 * Where the control socket goes: in the home, or, when that path would be too long for a socket, in a private folder
 * of the system's temporary one. Removes a stale socket: only to be called under the lock of {@link claimRunning}.
 */
export function prepareSocketPath(home: string, vaultId: string, userId: number): string {
  const inHome = join(runDir(home), `${vaultId.slice(-12)}.sock`);
  const fits = Buffer.byteLength(inHome) <= LONGEST_SOCKET_PATH;
  const path = fits ? inHome : join(sharedFolder(userId), `${vaultId.slice(-12)}-${shortHash(home)}.sock`);
  rmSync(path, { force: true });
  return path;
}

/** In a folder that everybody can write to: it has to be a folder, made by us and for us alone. */
function sharedFolder(userId: number): string {
  const folder = join(tmpdir(), `ownkey-${userId}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!lstatSync(folder).isDirectory()) {
    throw new AppError("insecure_permissions", `${folder} is a link that somebody else may have made`, {
      hint: `remove it: rm '${folder}'`,
    });
  }
  assertPrivate(folder);
  return folder;
}

/** A copy of a home has the same vault id; its socket must be another one. */
function shortHash(home: string): string {
  return createHash("sha256").update(home).digest("hex").slice(0, 12);
}

/** The socket's own mode, for systems that look at it. */
export function makeSocketPrivate(path: string): void {
  chmodSync(path, 0o600);
}

function isRunning(document: unknown): document is Running {
  return (
    isJsonObject(document) &&
    ["pid", "startMs"].every((name) => typeof document[name] === "number") &&
    ["version", "home", "url", "ui", "socket", "startedAt"].every(
      (name) => typeof document[name] === "string",
    )
  );
}

function runningPath(home: string): string {
  return join(runDir(home), "up.json");
}
