import type { Config } from "../config.ts";
import { AppError } from "../kernel/index.ts";

/**
 * Beyond loopback everybody on the network could read virtual keys on the way.
 * @throws AppError `usage`.
 */
export function assertSafeAddress(
  config: Pick<Config, "host" | "tlsCert" | "tlsKey" | "insecureHttp">,
): void {
  const { host, tlsCert, tlsKey, insecureHttp } = config;
  if ((tlsCert === null) !== (tlsKey === null)) {
    throw new AppError("usage", "a certificate and its key belong together", {
      hint: "give both --tls-cert and --tls-key",
    });
  }
  const loopback = host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
  if (loopback || tlsCert !== null || insecureHttp) return;
  throw new AppError("usage", `listening on ${host} without TLS would send virtual keys in the clear`, {
    hint: "give --tls-cert and --tls-key, or --insecure-http behind a proxy that does TLS",
  });
}
