/** The machine's known places as a source for the engine, and what is known of each file while others look at it. */
import { readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { utf8 } from "../kernel/index.ts";
import { type Machine, PROJECT_FILES, projectFileOf, type ToolFile, toolFiles } from "../tools/index.ts";
import { expandPath } from "./expand-path.ts";
import { notice, type ScanNotice } from "./notice.ts";
import type { Scope } from "./settings/settings-file.ts";
import { type Source, type SourceStream, streamOf } from "./source.ts";
import { databaseTexts } from "./state-database.ts";

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
  /** Origin of a part of a file → that file. */
  readonly #files = new Map<string, string>();

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

  /** The file on disk that an origin names: the database for one of its rows. */
  fileOf(originPath: string): string {
    return this.#files.get(originPath) ?? originPath;
  }

  /** Everything that is there of {@link found}, and of the project in the working folder. */
  source(workingDirectory: string): Source {
    const places = [...this.found, ...this.#projectPlaces(workingDirectory)];
    const streams = (place: Place) =>
      place.format === "sqlite" ? this.#rows(place) : fileStream(place.path);
    return {
      name: "known places of tools",
      async *streams() {
        for (const place of places) yield* streams(place);
      },
    };
  }

  #projectPlaces(folder: string): Place[] {
    const paths = PROJECT_FILES.flatMap((file) => expandPath(join(folder, file.path)));
    return [...new Set(paths)].flatMap((path) => {
      const place = this.placeOf(path);
      return place === undefined || place.scope !== "project" ? [] : [place];
    });
  }

  *#rows({ path }: Place): Generator<SourceStream | ScanNotice> {
    try {
      for (const { place, text } of databaseTexts(path)) {
        const origin = `${path} (${place})`;
        this.#files.set(origin, path);
        yield streamOf({ kind: "tool", path: origin }, utf8(text));
      }
    } catch {
      yield notice("unreadable", path, "this database cannot be read; it may be in use or damaged");
    }
  }
}

const CHUNK_BYTES = 1024 * 1024;

function* fileStream(path: string): Generator<SourceStream | ScanNotice> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return yield notice("gone", path, "it has gone, or is a link to nowhere");
  if (!stats.isFile()) return;
  yield { origin: { kind: "tool", path }, sizeBytes: stats.size, chunks: () => chunksOf(path) };
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** What administrators set for everybody. */
function scopeOf(path: string): Scope {
  return /^(?:\/etc\/|\/Library\/|\/var\/|[A-Z]:\\Program)/i.test(path) ? "machine" : "user";
}

/** A settings file's text; `undefined` when it cannot be read or is too large to be one. */
export function settingsText(path: string): string | undefined {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= 2 * CHUNK_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
