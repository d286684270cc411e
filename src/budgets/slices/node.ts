/**
 * Who a gateway process is in the eyes of the store. Beside its ledger lies a small file with a random id; the ledger
 * file itself (its device and number, and the boot of the machine) tells the same folder from a copy of it. A copy
 * gets an id of its own: it must never give back what the original may still be spending.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { writeDurable } from "../../files/index.ts";
import { isJsonObject, parseJson, type Randomness, stringAt, toHex } from "../../kernel/index.ts";

export interface NodeIdentity {
  readonly id: string;
  /** `boot:file`; see above. */
  readonly place: string;
  /** Takes another id, for one that turned out to be somebody else's. */
  renew(): NodeIdentity;
}

export interface NodeFiles {
  /** The ledger's file: it is never replaced while it is in use. */
  readonly ledgerPath: string;
  readonly bootId: string;
  readonly randomness: Randomness;
}

export function nodeIdentity(files: NodeFiles): NodeIdentity {
  const path = `${files.ledgerPath.replace(/\.db$/, "")}.node.json`;
  const place = `${files.bootId}:${fileNumber(files.ledgerPath)}`;
  const identity = (id: string): NodeIdentity => ({
    id,
    place,
    renew: () => identity(newNodeId(path, files)),
  });
  return identity(readNodeId(path) ?? newNodeId(path, files));
}

/** Changes with every start of the machine; unknown ones are never equal, as if the power had failed. */
export function systemBootId(randomness: Randomness): string {
  try {
    if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const { status, stdout } = spawnSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], {
      encoding: "utf8",
    });
    if (status === 0 && stdout.trim() !== "") return stdout.trim();
  } catch {
    // Falls through: it is not known.
  }
  return toHex(randomness(16));
}

/** Device and inode: what a renamed or moved file keeps and a copy does not have. */
export function fileNumber(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

function readNodeId(path: string): string | undefined {
  try {
    const document = parseJson(readFileSync(path, "utf8"));
    const id = stringAt(document, "node");
    return isJsonObject(document) && id !== undefined && /^node_[0-9a-f]{32}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

function newNodeId(path: string, { randomness }: NodeFiles): string {
  const id = `node_${toHex(randomness(16))}`;
  writeDurable(path, `${JSON.stringify({ format: 1, node: id })}\n`);
  return id;
}
