export interface GatewayAddresses {
  /** Of the running program. */
  readonly runningUrl: string | undefined;
  readonly setting: (name: string) => unknown;
}

/** Every address under which a tool of this machine may have been pointed at the gateway. */
export function isGatewayUrl(url: string, { runningUrl, setting }: GatewayAddresses): boolean {
  const publicUrl = setting("publicUrl");
  const port = setting("port");
  const own = [
    runningUrl,
    typeof publicUrl === "string" ? publicUrl : undefined,
    ...(typeof port === "number" && port > 0 ? [`http://127.0.0.1:${port}`, `http://localhost:${port}`] : []),
    runningUrl?.replace("127.0.0.1", "localhost"),
  ].flatMap((one) => URL.parse(one ?? "")?.origin ?? []);
  return own.includes(URL.parse(url)?.origin ?? "");
}
