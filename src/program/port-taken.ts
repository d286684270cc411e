import { holderName, portHolder } from "../control/index.ts";
import type { Config } from "../config.ts";
import { AppError } from "../kernel/index.ts";

/** Names who has the port, when an error says that it is taken; other errors as they are. */
export async function withPortHolder(error: unknown, { home, userHome }: Config): Promise<unknown> {
  if (!(error instanceof AppError) || error.code !== "address_in_use") return error;
  const { hostname, port } = error.details ?? {};
  if (typeof hostname !== "string" || typeof port !== "number") return error;
  const holder = await portHolder({ hostname, port, home, userHome });
  if (!holder.isOwnkey) return error;
  const down =
    holder.home === undefined
      ? "ownkey down, with its OWNKEY_HOME"
      : `OWNKEY_HOME='${holder.home}' ownkey down`;
  return new AppError("address_in_use", `${holderName(holder)} listens on ${hostname}:${port}`, {
    hint: error.hint?.replace("stop it", `stop it (${down})`),
    details: error.details,
    cause: error,
  });
}
