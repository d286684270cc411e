import type { Register } from "./register.ts";
import type { CommonOptions, UpFlags } from "./context.ts";
import { collect, example, given, wholeNumber } from "./options.ts";

interface UpOptions extends CommonOptions {
  host?: string;
  port?: number;
  uiPort?: number;
  workers?: number;
  tlsCert?: string;
  tlsKey?: string;
  allowHost?: string[];
  publicUrl?: string;
  insecureHttp?: boolean;
  detach?: boolean;
  acceptEpoch?: number;
}

export const registerUp: Register = (program, context, exit) => {
  program
    .command("up")
    .description("run the gateway and the control socket until interrupted")
    .option("--host <address>", "address of the data plane (default 127.0.0.1)")
    .option("--port <number>", "port of the data plane (default 7788); 0 picks free ones", wholeNumber)
    .option("--ui-port <number>", "port of the control API (default 7789)", wholeNumber)
    .option(
      "--workers <number>",
      "gateway processes that share the port (default 1); Linux only",
      wholeNumber,
    )
    .option("--detach", "go to the background once ready")
    .option("--tls-cert <file>", "certificate chain (PEM)")
    .option("--tls-key <file>", "private key (PEM)")
    .option("--allow-host <name>", "a name besides loopback under which it is called (repeatable)", collect)
    .option("--public-url <url>", "the URL others reach it under")
    .option("--insecure-http", "listen beyond loopback without TLS")
    .option("--accept-epoch <number>", "accept a database that is older than the last one seen", wholeNumber)
    .option("--json", "print the ready line as JSON on standard output, all else on standard error")
    .addHelpText("after", example("ownkey up", "ownkey up --port 0 --json", "ownkey up --workers 4"))
    .action(async (options: UpOptions) => {
      const flags: UpFlags = {
        json: options.json ?? false,
        detach: options.detach ?? false,
        ...given({
          host: options.host,
          port: options.port,
          uiPort: options.uiPort,
          workers: options.workers,
          tlsCert: options.tlsCert,
          tlsKey: options.tlsKey,
          allowHosts: options.allowHost,
          publicUrl: options.publicUrl,
          insecureHttp: options.insecureHttp,
          acceptEpoch: options.acceptEpoch,
        }),
      };
      exit.code = await context.up(flags);
    });
};
