/**
 * SARIF 2.1.0 (OASIS), the form in which code hosts and editors take findings. Only what they show: rules, levels,
 * messages, places, and a fingerprint by which a finding is known again when lines move. No secret, not even a masked
 * one beyond its hint.
 */
import { createHash } from "node:crypto";
import { isAbsolute, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { VERSION } from "../kernel/index.ts";
import type { ScanItem } from "./scan-report.ts";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

const LEVELS = { critical: "error", high: "error", medium: "warning", low: "note", info: "none" } as const;
/** GitHub's scale from 0 to 10. */
const SEVERITY_SCORES = { critical: "9.5", high: "8.0", medium: "5.0", low: "2.0", info: "0.0" } as const;

/** A SARIF log of one run; paths inside the folder are relative to it. */
export function sarifLog(items: readonly ScanItem[], folder: string): object {
  const rules = [...new Map(items.map((item) => [item.rule, item])).values()];
  const indexes = new Map(rules.map(({ rule }, index) => [rule, index]));
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "ownkey", version: VERSION, rules: rules.map(ruleOf) } },
        originalUriBaseIds: { SRCROOT: { uri: `${pathToFileURL(folder).href}/` } },
        columnKind: "unicodeCodePoints",
        results: items.map((item) => resultOf(item, indexes.get(item.rule) ?? 0, folder)),
      },
    ],
  };
}

function ruleOf({ rule, title, severity }: ScanItem): object {
  const name = rule.startsWith("settings/") ? `Wrong setting: ${rule.slice("settings/".length)}` : title;
  return {
    id: rule,
    shortDescription: { text: name },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { "security-severity": SEVERITY_SCORES[severity], tags: ["security"] },
  };
}

function resultOf(item: ScanItem, ruleIndex: number, folder: string): object {
  const { rule, title, severity, masked, line, column, fix, path, commit, verification } = item;
  const verdict = verification ? ` ${verification.host}: ${verification.verdict}.` : "";
  const properties = {
    ...(commit === undefined ? {} : { commit }),
    ...(verification ? { verification } : {}),
  };
  const hint = masked === "" ? "" : ` (${masked})`;
  const region = line > 0 ? { region: { startLine: line, startColumn: Math.max(1, column) } } : {};
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${title}${hint}.${verdict} ${fix}` },
    locations: [{ physicalLocation: { artifactLocation: artifact(path, folder), ...region } }],
    partialFingerprints: { "ownkey/v1": fingerprint(rule, path, masked) },
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}

function artifact(path: string, folder: string): object {
  if (!isAbsolute(path)) return { uri: relativeUri(path, "/") };
  const inside = relative(folder, path);
  if (inside.startsWith("..") || isAbsolute(inside)) return { uri: pathToFileURL(path).href };
  return { uri: relativeUri(inside, sep), uriBaseId: "SRCROOT" };
}

/** Part by part, so that nothing in a name makes it an address of its own. */
function relativeUri(path: string, separator: string): string {
  return path.split(separator).map(encodeURIComponent).join("/");
}

/** Of what the document shows anyhow. */
function fingerprint(rule: string, path: string, masked: string): string {
  return createHash("sha256").update(`${rule}\n${path}\n${masked}`).digest("hex").slice(0, 32);
}
