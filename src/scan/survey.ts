import type { Randomness } from "../kernel/index.ts";
import type { Machine, ToolFile } from "../tools/index.ts";
import type { Baseline } from "./baseline.ts";
import { bySeverity, groupFindings } from "./group.ts";
import type { Finding } from "./finding.ts";
import type { KnownKeys } from "./known-keys.ts";
import type { ScanNotice } from "./notice.ts";
import { Places } from "./places.ts";
import { scan } from "./scan.ts";
import type { ScanOptions, ScanProgress } from "./scan-options.ts";
import { checkFiles } from "./settings/check-files.ts";
import { checkKeys } from "./settings/check-keys.ts";
import type { KeyPlace } from "./settings/key-place.ts";
import { severityAt } from "./severity.ts";
import { smallText } from "./small-text.ts";
import { accessOf } from "./settings/readers.ts";
import { checkObfuscated } from "./settings/obfuscated.ts";
import { environmentFile, readEntries, type SettingsFile } from "./settings/settings-file.ts";
import { scanThreads } from "./threads/scan-threads.ts";
import { isOfChange, type SurveyRequest, surveySources } from "./survey-sources.ts";

export interface SurveyOptions {
  readonly machine: Machine;
  readonly randomness: Randomness;
  readonly known?: KnownKeys | undefined;
  readonly isVirtualKey?: ((text: string) => boolean) | undefined;
  readonly baseline?: Baseline | undefined;
  readonly onProgress?: ((progress: ScanProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How many threads look at files, this one included; by the machine's processors unless given. */
  readonly threads?: number | undefined;
}

/** A finding and whose file it is in. */
export interface SurveyFinding extends Finding {
  /** Id as in `TOOLS`, or `shell`, `dotenv` and the like; absent for files of no tool. */
  readonly tool?: string;
  /** The file on disk, when it is in one: the database for one of its rows. */
  readonly file?: string;
  /** What is known of a tool's file. */
  readonly place?: Pick<ToolFile, "format" | "purpose" | "synced">;
}

export interface Survey {
  /** Keys and wrong settings; those of one key stand together, the most urgent key first. */
  readonly findings: readonly SurveyFinding[];
  /** Virtual keys and the like: nothing to mend. */
  readonly information: readonly SurveyFinding[];
  readonly notices: readonly ScanNotice[];
  /** Files, blobs and other texts that were looked at, and their size. */
  readonly streams: number;
  readonly sizeBytes: number;
  /** How many threads looked at files. */
  readonly threads: number;
}

/** Looks for keys, and for what is wrong about where they lie. Writes nothing, creates nothing, calls nobody. */
export async function survey(request: SurveyRequest, options: SurveyOptions): Promise<Survey> {
  const places = new Places(options.machine);
  const seen = new Set<string>();
  const engine = await runEngine(request, options, places, seen);
  const keys = engine.findings.map((finding) => described(finding, places));
  const ofKeys = keys.flatMap((finding) => keyPlaceOf(finding, places));
  const settings = [
    ...attached(checkFiles(settingsFiles(request, options, places, seen)), ofKeys),
    ...(isOfChange(request) ? [] : checkKeys(ofKeys)),
    ...checkObfuscated(places.obfuscated, options.machine.platform),
  ].filter((finding) => !options.baseline?.accepts(finding));
  const all = groupFindings([...keys, ...settings])
    .flatMap((group) => group.places.toSorted(bySeverity))
    .map((finding) => withTool(finding, places));
  return {
    findings: all.filter(({ severity }) => severity !== "info"),
    information: all.filter(({ severity }) => severity === "info"),
    notices: engine.notices,
    streams: engine.streams,
    sizeBytes: engine.sizeBytes,
    threads: engine.threads,
  };
}

async function runEngine(
  request: SurveyRequest,
  { machine, randomness, known, isVirtualKey, baseline, onProgress, signal, threads: count }: SurveyOptions,
  places: Places,
  seen: Set<string>,
): Promise<Pick<Survey, "notices" | "streams" | "sizeBytes" | "threads"> & { findings: Finding[] }> {
  const result = {
    findings: [] as Finding[],
    notices: [] as ScanNotice[],
    streams: 0,
    sizeBytes: 0,
    threads: 1,
  };
  const threads = scanThreads(count);
  const scanOptions: ScanOptions = {
    sources: surveySources(request, places, seen, machine.env),
    randomness,
    ...(known ? { known } : {}),
    ...(isVirtualKey ? { isVirtualKey } : {}),
    ...(baseline ? { baseline } : {}),
    ...(signal ? { signal } : {}),
    ...(threads ? { threads } : {}),
    onProgress: (progress) => {
      result.streams = progress.streams;
      result.sizeBytes = progress.sizeBytes;
      result.threads = progress.threads;
      onProgress?.(progress);
    },
  };
  for await (const event of scan(scanOptions)) {
    if (event.type === "finding") result.findings.push(event);
    else result.notices.push(event);
  }
  return result;
}

/** A finding with what the table of places knows better than the engine. */
function described(finding: Finding, places: Places): Finding {
  const { origin } = finding;
  if (origin.kind !== "file" && origin.kind !== "tool") return finding;
  const file = places.fileOf(origin.path);
  const readers = origin.readers ?? accessOf(file)?.really;
  const place = places.placeOf(origin.path);
  return {
    ...finding,
    origin: readers === undefined ? origin : { ...origin, readers },
    ...(origin.readers === undefined ? { severity: severityAt(finding.severity, readers) } : {}),
    // A row of a database has no lines.
    ...(file === origin.path ? {} : { line: 0, column: 0 }),
    fix: fixOf(finding),
    ...(place?.purpose === "login" && readers === "owner" ? OWN_LOGIN : {}),
  };
}

/** A key of a provider that the vault can hold has a better place to go to. Rules that know better keep their say. */
function fixOf({ fix, provider, knownKey }: Finding): string {
  if (provider === undefined || knownKey !== undefined || !fix.startsWith("take it out")) return fix;
  return `replace it at its provider, keep the new one in the vault (ownkey keys add ${provider}), and take this one out here`;
}

function withTool(finding: Finding, places: Places): SurveyFinding {
  const { kind, path } = finding.origin;
  if (kind !== "file" && kind !== "tool") return finding;
  const place = places.placeOf(path);
  const file = places.fileOf(path);
  if (!place) return { ...finding, file };
  const { tool, format, purpose, synced } = place;
  return {
    ...finding,
    file,
    tool,
    place: { format, purpose, ...(synced === undefined ? {} : { synced }) },
  };
}

/** A tool's own login where the tool itself has put it, for the owner only. */
const OWN_LOGIN = {
  severity: "low",
  fix: "the tool keeps its login here: leave it, or log the tool out when you do not use it any more",
} as const;

function keyPlaceOf(finding: Finding, places: Places): KeyPlace[] {
  const { kind, path } = finding.origin;
  if (kind !== "file" && kind !== "tool") return [];
  return [{ finding, path: places.fileOf(path), place: places.placeOf(path) }];
}

/** The settings that were looked at, read for what they say. */
function settingsFiles(
  request: SurveyRequest,
  { machine }: SurveyOptions,
  places: Places,
  seen: ReadonlySet<string>,
): SettingsFile[] {
  if (isOfChange(request)) return [];
  const files = [...seen].flatMap((path) => {
    const place = places.placeOf(path);
    if (!place || place.format === "text" || place.format === "sqlite") return [];
    const text = smallText(path);
    return text === undefined ? [] : [{ ...place, entries: readEntries(text, place.format) }];
  });
  const ofSession = request.environment || request.paths.length === 0;
  return ofSession ? [...files, environmentFile(machine.env)] : files;
}

/** A wrong setting at a key's line is about that key. */
function attached(settings: readonly Finding[], keys: readonly KeyPlace[]): Finding[] {
  const byPlace = new Map(keys.map(({ finding }) => [`${finding.origin.path}:${finding.line}`, finding]));
  return settings.map((setting) => {
    const key = byPlace.get(`${setting.origin.path}:${setting.line}`);
    return key ? { ...setting, group: key.group, masked: key.masked } : setting;
  });
}
