/** What people see of a scan: the most urgent key first, each key once with all its places. */
import type * as scan from "../control/operations/scan.ts";
import type { CliContext } from "./context.ts";
import { paint, printable } from "./output.ts";
import { counted, shortPath } from "./wording.ts";

export type ScanDocument = Awaited<ReturnType<typeof scan.run.run>>;
export type ScanItem = ScanDocument["items"][number];

/** More places of one key are counted only, unless all are wanted. */
const MOST_PLACES = 8;
const MOST_NOTICES = 10;

/** Links to nowhere, pipes, and folders of packages are the ordinary life of a machine. */
const ORDINARY: ReadonlySet<string> = new Set(["gone", "broken_link", "ignored", "not_a_file", "binary"]);

const READERS: Readonly<Record<string, string>> = {
  owner: "only you can read it",
  group: "your group can read it",
  everyone: "every user of this machine can read it",
  repository: "everybody with the repository can read it",
};

/** What it means that a secret lies there. */
const MEANING: Readonly<Record<ScanItem["severity"], string>> = {
  critical: "others can read it, and spend your money or take over your account with it",
  high: "it lies in plain text: every program that you start can read it",
  medium: "it is likely a secret, in plain text",
  low: "it is short-lived, or may be no secret",
  info: "nothing to mend",
};

const COLOUR = { critical: "red", high: "red", medium: "yellow", low: "dim", info: "dim" } as const;

export interface ReportOptions {
  /** Every place and every notice. */
  readonly all: boolean;
}

export function scanText(context: CliContext, document: ScanDocument, options: ReportOptions): string {
  const groups = [...Map.groupBy(document.items, ({ group }) => group).values()];
  const blocks = groups.map((items) => keyText(context, items, options));
  return [...blocks, summary(document)].join("\n\n");
}

/** Told before anything is sent. */
export function verifyText(hosts: readonly scan.VerifiedHost[]): string {
  if (hosts.length === 0) return "--verify: no key found whose provider is certain; nobody is called";
  const list = hosts.map(({ host, keys }) => `  ${printable(host)}: ${counted(keys, "key")}`);
  return ["--verify: each key is sent to its own provider, once, and nowhere else:", ...list].join("\n");
}

/** What was not looked at. Told apart from the findings, as it belongs to no key. */
export function noticeLines({ notices }: ScanDocument, { all }: ReportOptions): string[] {
  const told = all ? notices : notices.filter(({ reason }) => !ORDINARY.has(reason));
  const shown = all ? told : told.slice(0, MOST_NOTICES);
  const rest = told.length - shown.length;
  return [
    ...shown.map(({ path, message }) => printable(`${path}: ${message}`)),
    ...(rest > 0 ? [`${rest} more were not looked at; --all lists them`] : []),
  ];
}

function keyText(context: CliContext, items: readonly ScanItem[], options: ReportOptions): string {
  const keys = items.filter(({ rule }) => !rule.startsWith("settings/"));
  const settings = items.filter(({ rule }) => rule.startsWith("settings/"));
  const [first] = items;
  if (!first) return "";
  const severity = first.severity.padEnd(8);
  const [key] = keys;
  const places = keys.length > 1 ? `, in ${keys.length} places` : "";
  const title = key ? `${printable(key.title)}  ${printable(key.masked)}${places}` : printable(first.title);
  const shown = options.all ? keys : keys.slice(0, MOST_PLACES);
  return [
    `${paint(context, COLOUR[first.severity], severity)} ${paint(context, "bold", title)}`,
    ...shown.map((item) => indented(`${placeText(context, item)}${readersText(item)}`)),
    ...(shown.length < keys.length
      ? [indented(`… and ${keys.length - shown.length} more; --all lists them`)]
      : []),
    ...(key ? [indented(MEANING[key.severity]), ...verifiedText(key), fixLine(key)] : []),
    ...settings.flatMap((item) => settingText(context, item, key !== undefined)),
  ].join("\n");
}

function settingText(context: CliContext, item: ScanItem, belowKey: boolean): string[] {
  if (!belowKey) return [indented(placeText(context, item)), fixLine(item)];
  return [indented(`${placeText(context, item)}: ${printable(item.title)}`), fixLine(item)];
}

function verifiedText({ verification }: ScanItem): string[] {
  if (!verification) return [];
  const { host, verdict, explanation } = verification;
  return [
    indented(
      printable(`${verdict === "untested" ? "not tested" : `${verdict}, says ${host}`}: ${explanation}`),
    ),
  ];
}

function fixLine({ fix }: ScanItem): string {
  return `${indented("")}→ ${printable(fix)}`;
}

function indented(text: string): string {
  return `         ${text}`;
}

/** `~/.env:3`, as editors and terminals open it. */
function placeText(context: CliContext, { path, line, commit }: ScanItem): string {
  const at = line > 0 ? `:${line}` : "";
  return printable(
    `${shortPath(context, path)}${at}${commit === undefined ? "" : ` in commit ${commit.slice(0, 10)}`}`,
  );
}

function readersText({ readers, tool }: ScanItem): string {
  const texts = [tool, readers === undefined ? undefined : READERS[readers]].filter(
    (text) => text !== undefined,
  );
  return texts.length === 0 ? "" : `  (${texts.map(printable).join("; ")})`;
}

function summary({ items, notices, streams, sizeBytes, informationOnly }: ScanDocument): string {
  const looked = `looked at ${counted(streams, "file or text", "files and texts")} (${megabytes(sizeBytes)} MB)`;
  const keys = new Set(items.filter(({ rule }) => !rule.startsWith("settings/")).map(({ group }) => group))
    .size;
  const settings = items.filter(({ rule }) => rule.startsWith("settings/")).length;
  const hidden =
    informationOnly > 0
      ? `; ${counted(informationOnly, "virtual key or the like", "virtual keys and the like")}: --all`
      : "";
  if (items.length === 0 && isIncomplete(notices)) return `not everything could be looked at; ${looked}`;
  if (items.length === 0) return `no key and no wrong setting found; ${looked}${hidden}`;
  return `${counted(keys, "key")} and ${counted(settings, "wrong setting")} found; ${looked}${hidden}`;
}

/** A whole history, change or list of processes could not be looked at: that is no clean result. */
export function isIncomplete(notices: ScanDocument["notices"]): boolean {
  return notices.some(({ reason }) => reason === "source_failed");
}

function megabytes(sizeBytes: number): string {
  return (sizeBytes / 1e6).toFixed(1);
}
