import { holderName, otherOwnkey } from "../control/index.ts";
import type { Config } from "../config.ts";
import { AppError } from "../kernel/index.ts";

/** An error that says that a port is taken, with the Ownkey that has it, if one has; other errors as they are. */
export async function withOtherOwnkey(error: unknown, { home, userHome }: Config): Promise<unknown> {
  if (!(error instanceof AppError) || error.code !== "address_in_use") return error;
  const { hostname, port } = error.details ?? {};
  if (typeof hostname !== "string" || typeof port !== "number") return error;
  const found = await otherOwnkey({ hostname, port, home, userHome });
  if (!found) return error;
  const down =
    found.home === undefined
      ? "ownkey down, with its OWNKEY_HOME"
      : `OWNKEY_HOME='${found.home}' ownkey down`;
  return new AppError("address_in_use", error.message.replace("another program", holderName(found)), {
    hint: error.hint?.replace("stop it", `stop it (${down})`),
    details: error.details,
    cause: error,
  });
}
