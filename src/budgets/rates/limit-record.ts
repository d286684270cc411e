import { parseRateLimits, type RowSealer } from "../../access/index.ts";
import { AppError, lengthPrefixed, parseJson } from "../../kernel/index.ts";
import { bytesOf, intOf, type Queries, type Row, textOf, type Tx } from "../../store/index.ts";
import { parseSubject, subjectText } from "../subject.ts";
import type { RateRule } from "./rules.ts";

/** A row of `rate_limits`: the rule, and the MAC over all of it. */
export interface RateRecord {
  readonly rule: RateRule;
  readonly mac: Uint8Array;
}

const TABLE = "rate_limits";

/** @throws AppError `vault_locked`. */
export function sealRule(sealer: RowSealer, rule: RateRule): RateRecord {
  return { rule, mac: sealer.seal(TABLE, rule.id, sealedContent(rule)) };
}

/** @throws AppError `corrupt` when the row was changed outside Ownkey, `vault_locked`. */
export function checkRule(sealer: RowSealer, { rule, mac }: RateRecord): RateRule {
  sealer.check(TABLE, rule.id, sealedContent(rule), mac);
  return rule;
}

/** Whether its MAC holds. @throws AppError `vault_locked`. */
export function isSoundRule(sealer: RowSealer, record: RateRecord): boolean {
  try {
    checkRule(sealer, record);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "corrupt") return false;
    throw error;
  }
}

/** By subject. @throws AppError `corrupt` for a row that nobody can read. */
export async function ruleRecords(queries: Queries): Promise<RateRecord[]> {
  return (await queries.all("SELECT * FROM rate_limits ORDER BY subject")).map(recordOf);
}

export async function ruleRecordOf(queries: Queries, subject: string): Promise<RateRecord | undefined> {
  const row = await queries.get("SELECT * FROM rate_limits WHERE subject = ?", [subject]);
  return row && recordOf(row);
}

export async function putRuleRecord(tx: Tx, { rule, mac }: RateRecord): Promise<void> {
  await tx.run(
    `INSERT INTO rate_limits (id, subject, limits, created_at_ms, mac) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET limits = excluded.limits, mac = excluded.mac`,
    [rule.id, subjectText(rule.subject), JSON.stringify(rule.limits), rule.createdAtMs, mac],
  );
}

export async function deleteRuleRecord(tx: Tx, id: string): Promise<number> {
  return await tx.run("DELETE FROM rate_limits WHERE id = ?", [id]);
}

function recordOf(row: Row): RateRecord {
  const limits = parseRateLimits(parseJson(textOf(row, "limits")));
  if (limits === null) throw new AppError("corrupt", "a stored rate limit limits nothing");
  return {
    rule: {
      id: textOf(row, "id"),
      subject: parseSubject(textOf(row, "subject")),
      limits,
      createdAtMs: intOf(row, "created_at_ms"),
    },
    mac: bytesOf(row, "mac"),
  };
}

function sealedContent(rule: RateRule): Uint8Array {
  return lengthPrefixed(
    "ownkey rate limits 1",
    rule.id,
    subjectText(rule.subject),
    JSON.stringify(rule.limits),
    rule.createdAtMs,
  );
}
