import type { AuditHead, AuditLog } from "../audit/index.ts";
import { AppError } from "../kernel/index.ts";
import type { Queries } from "../store/index.ts";

const ATTEMPTS = 20;

/**
 * Runs `read`, which looks at many rows, until nothing was committed meanwhile; gives what it gave, or throws what it
 * threw, that time. On PostgreSQL each statement of a transaction sees what is committed by then; but every change of
 * a protected row moves the audit log's head, so that rows read under a head that stands still belong together.
 * @throws AppError `store_unavailable` (retryable) when it never stands still.
 */
export async function underStillHead<T>(
  queries: Queries,
  audit: AuditLog,
  read: (head: AuditHead) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const head = await audit.head(queries);
    const [outcome] = await Promise.allSettled([read(head)]);
    if ((await audit.head(queries)).size !== head.size) continue;
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  }
  throw new AppError("store_unavailable", "the vault could not be verified while others were changing it", {
    hint: "try again in a moment",
    retryable: true,
  });
}
