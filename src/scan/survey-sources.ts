/** Which places a request means, as sources for the engine. */
import { sep } from "node:path";
import type { Place, Places } from "./places.ts";
import type { Source } from "./source.ts";
import { historiesOf } from "./histories.ts";
import { pushedSource } from "./pushed.ts";
import { repositoryOf } from "./repositories.ts";
import { environmentSource } from "./sources/environment.ts";
import type { GitPlace } from "./sources/git.ts";
import { stagedSource } from "./sources/staged.ts";
import { stdinSource } from "./sources/stdin.ts";
import { filesBelow } from "./sources/paths.ts";

export interface SurveyRequest {
  /** Absolute. None of them and nothing else asked for: the known places of the machine. */
  readonly paths: readonly string[];
  /** Where the repository of `staged` and `pushed` is, and the project whose settings are looked at. */
  readonly workingDirectory: string;
  /** The history of every repository below the paths, or of the one of the working directory. */
  readonly git: boolean;
  /** What the next commit would change. */
  readonly staged: boolean;
  /** What git tells a pre-push hook on its standard input: what those pushes would bring. */
  readonly pushed?: string | undefined;
  /** The environment of the user's own processes. */
  readonly environment: boolean;
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
}

/** Only a change or a pipe is looked at: settings of this machine are none of its business. */
export function isOfChange({ staged, pushed, stdin }: SurveyRequest): boolean {
  return staged || pushed !== undefined || stdin !== undefined;
}

/**
 * In the order in which they are gone through. `seen` gets the path of every file of a tool that was looked at, and
 * those that tell of repositories.
 * @param env what git gets to know of the environment: in a hook it says which index is committed
 */
export function surveySources(
  request: SurveyRequest,
  places: Places,
  seen: Set<string>,
  env: GitPlace["env"],
): Source[] {
  return isOfChange(request) ? changeSources(request, env) : placeSources(request, places, seen, env);
}

function changeSources(
  { paths, workingDirectory, staged, pushed, stdin }: SurveyRequest,
  env: GitPlace["env"],
) {
  const repositories = paths.length > 0 ? paths : [workingDirectory];
  return [
    ...(staged ? repositories.map((folder) => stagedSource({ folder, env })) : []),
    ...(pushed === undefined ? [] : [pushedSource({ folder: workingDirectory, env }, pushed)]),
    ...(stdin ? [stdinSource(stdin)] : []),
  ];
}

function placeSources(
  { workingDirectory, paths, git, environment }: SurveyRequest,
  places: Places,
  seen: Set<string>,
  env: GitPlace["env"],
): Source[] {
  const folders = paths.length === 0 && git ? [workingDirectory] : paths;
  return [
    ...(folders.length === 0
      ? [knownPlaces(workingDirectory, places, seen)]
      : belowPaths(folders, places, seen)),
    ...(environment ? [ownProcesses()] : []),
    ...(git ? [historiesOf(folders, seen, env)] : []),
  ];
}

function ownProcesses(): Source {
  return environmentSource({
    platform: process.platform,
    userId: process.getuid?.() ?? -1,
    async listProcesses(command) {
      const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
      return await child.stdout.text();
    },
  });
}

/** Tools' files and the project at hand. */
function knownPlaces(workingDirectory: string, places: Places, seen: Set<string>): Source {
  return {
    name: "known places of tools",
    async *items() {
      const all = [...places.found, ...places.inProject(workingDirectory)];
      for (const { path } of all) seen.add(path);
      yield* places.streams(all);
    },
  };
}

/** Everything below the paths; then tools' files there that lie in folders which are passed over, such as caches. */
function belowPaths(paths: readonly string[], places: Places, seen: Set<string>): Source[] {
  const isBelow = ({ path }: Place) =>
    paths.some((folder) => path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep));
  return [
    watched(paths, places, seen),
    {
      name: "known places of tools",
      async *items() {
        const left = places.found.filter((place) => isBelow(place) && !seen.has(place.path));
        for (const { path } of left) seen.add(path);
        yield* places.streams(left);
      },
    },
  ];
}

/**
 * The files below the paths. Notes which settings and repositories came by; not every file, of which there may be
 * millions. Databases of tools are left for later: they are read row by row.
 */
function watched(paths: readonly string[], places: Places, seen: Set<string>): Source {
  return {
    name: paths.join(" "),
    *items() {
      for (const item of filesBelow({ paths })) {
        if (!("chunks" in item) && item.type === "file") {
          if (places.isDatabase(item.path)) continue;
          const tells = places.placeOf(item.path) !== undefined || repositoryOf(item.path) !== undefined;
          if (tells) seen.add(item.path);
        }
        yield item;
      }
    },
  };
}
