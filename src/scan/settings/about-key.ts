import type { Finding } from "../finding.ts";
import type { KeyPlace } from "./key-place.ts";
import { placeFinding, type WrongSetting } from "./setting-finding.ts";

/** A wrong setting about one key at one place: it belongs to that key's group. */
export function aboutKey({ finding, path }: KeyPlace, wrong: WrongSetting): Finding {
  const { line, column, masked, group } = finding;
  return { ...placeFinding({ kind: finding.origin.kind, path, line, column }, wrong), masked, group };
}

/** A wrong setting of a whole file with keys in it; files with the same one are told together. */
export function aboutFile({ finding, path }: KeyPlace, wrong: WrongSetting): Finding {
  const found = placeFinding({ kind: finding.origin.kind, path, line: 0, column: 0 }, wrong);
  return { ...found, group: `${found.rule}: ${found.title}` };
}
