import { AppError } from "../kernel/index.ts";
import { portHolder } from "./port-holder.ts";

export interface ListenPlace {
  readonly hostname: string;
  readonly port: number;
  /** The option of `ownkey up` that names another port; default `--port`. */
  readonly option?: string;
}

/** Why a listener could not be opened, in words; what is not known comes back as it is. */
export function listenError(error: unknown, { hostname, port, option = "--port" }: ListenPlace): unknown {
  const code = String((error as { code?: unknown } | null)?.code);
  const details = { hostname, port };
  if (code === "EADDRINUSE") {
    const holder = portHolder(port);
    const who = holder === undefined ? "" : `: ${holder}`;
    return new AppError("address_in_use", `another program listens on ${hostname}:${port}${who}`, {
      hint: `stop it, or choose another port: ownkey up ${option} PORT (0: one that is free)`,
      details,
      cause: error,
    });
  }
  if (code === "EADDRNOTAVAIL") {
    return new AppError("invalid_input", `this machine has no address ${hostname}`, {
      hint: "give one of its own addresses to --host, or 0.0.0.0 for all of them",
      details,
    });
  }
  if (code === "EACCES") {
    return new AppError("denied", `this user may not listen on port ${port}`, {
      hint: "choose a port above 1023",
      details,
    });
  }
  if (code.startsWith("ERR_OSSL") || code.startsWith("ERR_TLS")) {
    return new AppError("invalid_input", "the certificate and its key cannot be used", {
      hint: "both must be PEM files and belong together; check that --tls-cert and --tls-key are not swapped",
      cause: error,
    });
  }
  return error;
}
