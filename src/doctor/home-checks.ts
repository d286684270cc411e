import type { Check } from "./check.ts";
import { budgetCheck } from "./checks/budget-check.ts";
import { clockCheck } from "./checks/clock-check.ts";
import { connectionCheck } from "./checks/connection-check.ts";
import { keyAgeCheck } from "./checks/key-age-check.ts";
import { keyCheck } from "./checks/key-check.ts";
import { modelCheck } from "./checks/model-check.ts";
import { vaultChecks } from "./checks/vault-checks.ts";
import type { HomeContext } from "./home-context.ts";

/** Everything that can be looked at in an opened home, one check for each connection and key. */
export async function homeChecks(context: HomeContext): Promise<Check[]> {
  const connections = await context.connections.list();
  const keys = (await context.connections.keys()).filter(({ state }) => state !== "removed");
  return [
    clockCheck(context),
    ...vaultChecks(context),
    ...connections.map((connection) => connectionCheck(context, connection)),
    ...keys.flatMap((key) => {
      const connection = connections.find(({ id }) => id === key.connectionId);
      return connection ? [keyCheck(context, connection, key)] : [];
    }),
    keyAgeCheck(context),
    modelCheck(context),
    budgetCheck(context),
  ];
}
