/** The machine's known places, their contents for the engine, and what is known of each file while others look at it. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { utf8 } from "../kernel/index.ts";
import {
  type Machine,
  PROJECT_FILES,
  projectFileOf,
  type ToolFile,
  toolFiles,
  unreadLog,
} from "../tools/index.ts";
import { expandPath } from "./expand-path.ts";
import { notice, type ScanNotice } from "./notice.ts";
import type { Scope } from "./settings/settings-file.ts";
import { isObfuscated, type ObfuscatedRow } from "./settings/obfuscated.ts";
import { accessOf } from "./settings/readers.ts";
import type { SourceStream } from "./source.ts";
import { FileReader } from "./sources/file-chunks.ts";
import { type DatabaseValue, databaseValues } from "./state-database.ts";
import type { Origin } from "./origin.ts";
import { unreadable } from "./unreadable.ts";

/** A file of a tool that exists. */
export interface Place extends ToolFile {
  readonly scope: Scope;
  readonly beforeTrust?: boolean;
}

/** Which files of the machine are whose. */
export class Places {
  /** Those of this user and of the machine that exist. */
  readonly found: readonly Place[];
  readonly #byPath: ReadonlyMap<string, Place>;
  /** Databases that were read, as the beginning of their rows' origins. */
  readonly #databases = new Map<string, string>();
  readonly #obfuscated: ObfuscatedRow[] = [];

  constructor(machine: Machine) {
    this.found = toolFiles(machine).flatMap((file) =>
      expandPath(file.path).map((path) => ({ ...file, path, scope: scopeOf(path) })),
    );
    this.#byPath = new Map(this.found.map((place) => [place.path, place]));
  }

  /** Whose file it is; `undefined` for files of no tool. A project's file is one that no user file is. */
  placeOf(originPath: string): Place | undefined {
    const path = this.fileOf(originPath);
    const known = this.#byPath.get(path);
    if (known) return known;
    const project = projectFileOf(path);
    return project && { purpose: "settings", ...project, path, scope: "project" };
  }

  /** A database of a tool, or a file that SQLite keeps beside it: these are read row by row. */
  isDatabase(path: string): boolean {
    return this.#byPath.get(path.replace(/-(?:wal|shm|journal)$/, ""))?.format === "sqlite";
  }

  /** Rows, seen so far, that are encrypted under a password which is the same on every machine. */
  get obfuscated(): readonly ObfuscatedRow[] {
    return this.#obfuscated;
  }

  /** The file on disk that an origin names: the database for one of its rows. */
  fileOf(originPath: string): string {
    for (const [beginning, path] of this.#databases) if (originPath.startsWith(beginning)) return path;
    return originPath;
  }

  /** What tools read from this folder as from a project. */
  inProject(folder: string): Place[] {
    const paths = PROJECT_FILES.flatMap((file) => expandPath(join(folder, file.path)));
    return [...new Set(paths)].flatMap((path) => {
      const place = this.placeOf(path);
      return place === undefined || place.scope !== "project" ? [] : [place];
    });
  }

  /** The contents of places: files as they are, databases row by row. */
  *streams(places: readonly Place[]): Generator<SourceStream | ScanNotice> {
    const reader = new FileReader();
    for (const place of places) {
      if (place.format !== "sqlite") yield* fileStream(reader, place.path);
      else {
        const log = unreadLog(place.path);
        if (log !== undefined) yield* fileStream(reader, log);
        yield* this.#rows(place);
      }
    }
  }

  *#rows({ path }: Place): Generator<SourceStream | ScanNotice> {
    const { path: _, ...origin } = originOf(path, path);
    this.#databases.set(`${path} (`, path);
    try {
      const values = databaseValues(path);
      for (let next = values.next(); ; next = values.next()) {
        if (next.done) {
          if (!next.value) yield notice("too_large", path, "not all of this database was looked at");
          return;
        }
        const { value } = next;
        if (isObfuscated(value)) this.#obfuscated.push({ path, row: value.place });
        yield rowStream({ ...origin, path: `${path} (${value.place})` }, value);
      }
    } catch {
      yield notice("unreadable", path, "this database cannot be read; it may be in use or damaged");
    }
  }
}

/** A value behind what it is called, as in an assignment; it is not copied for that. */
function rowStream(origin: Origin, { name, bytes }: DatabaseValue): SourceStream {
  return { origin, sizeBytes: bytes.length, chunks: () => [utf8(`${name} = `), bytes] };
}

function* fileStream(reader: FileReader, path: string): Generator<SourceStream | ScanNotice> {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return;
    yield { origin: originOf(path, path), sizeBytes: stats.size, chunks: () => reader.chunks(path) };
  } catch (error) {
    yield unreadable(path, error);
  }
}

function originOf(file: string, path: string): Origin {
  const readers = accessOf(file)?.really;
  return { kind: "tool", path, ...(readers === undefined ? {} : { readers }) };
}

/** What administrators set for everybody. */
function scopeOf(path: string): Scope {
  return /^(?:\/etc\/|\/Library\/|\/var\/|[A-Z]:\\Program)/i.test(path) ? "machine" : "user";
}
