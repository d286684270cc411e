import type { Finding } from "../finding.ts";
import { aboutFile } from "./about-key.ts";
import { type KeyPlace, onePerFile, shellQuoted } from "./key-place.ts";
import { type Access, accessOf } from "./readers.ts";

const WHO = {
  owner: "only you",
  group: "your group",
  everyone: "every user of this machine",
  repository: "",
} as const;

/**
 * Files of tools that hold a key and that others may read or change. Source code is readable by all for good reasons:
 * there the key is what is wrong, not the mode.
 */
export function checkPermissions(keys: readonly KeyPlace[], access = accessOf): Finding[] {
  return onePerFile(keys.filter(({ place }) => place !== undefined)).flatMap((key) => {
    const found = access(key.path);
    return found === undefined || (found.byMode === "owner" && !found.writable) ? [] : [wide(key, found)];
  });
}

function wide(key: KeyPlace, { byMode, really, writable }: Access): Finding {
  const closed = really === "owner";
  const can = byMode === "owner" ? "changed" : writable ? "read and changed" : "read";
  const who = byMode === "owner" ? "others" : WHO[byMode];
  return aboutFile(key, {
    rule: "permissions",
    severity: closed ? "low" : "medium",
    title: closed
      ? `the file may be ${can} by ${who}; only a closed folder above it prevents that`
      : `the file holds a key and can be ${can} by ${who}`,
    fix: `chmod 600 ${shellQuoted(key.path)}`,
  });
}
