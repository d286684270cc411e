import type { Finding, Severity } from "../finding.ts";
import type { Entry } from "./entry.ts";
import type { SettingsFile } from "./settings-file.ts";

export interface WrongSetting {
  /** Without the room's prefix: `base-url`. */
  readonly rule: string;
  /** What is wrong and what it means, as one sentence without contents. */
  readonly title: string;
  readonly severity: Severity;
  readonly fix: string;
}

/** A wrong setting at the value that is wrong. It is about no secret: a key there has a finding of its own. */
export function settingFinding(file: SettingsFile, entry: Entry, wrong: WrongSetting): Finding {
  const kind = file.path === "environment" ? "environment" : "file";
  return placeFinding({ kind, path: file.path, line: entry.line, column: entry.column }, wrong);
}

export interface SettingPlace {
  readonly kind: Finding["origin"]["kind"];
  readonly path: string;
  /** 0 when the whole file is meant. */
  readonly line: number;
  readonly column: number;
}

/** A wrong setting that is no single value. */
export function placeFinding(place: SettingPlace, wrong: WrongSetting): Finding {
  const rule = `settings/${wrong.rule}`;
  return {
    type: "finding",
    rule,
    title: wrong.title,
    severity: wrong.severity,
    origin: { kind: place.kind, path: place.path },
    line: place.line,
    column: place.column,
    masked: "",
    form: "plain",
    group: `${rule}:${place.path}:${place.line}:${place.column}`,
    fix: wrong.fix,
  };
}
