import { program as running } from "../control/index.ts";
import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions, UpFlags } from "./context.ts";
import { collect, example, given, wholeNumber } from "./options.ts";
import { fields, print } from "./output.ts";

interface UpOptions extends CommonOptions {
  host?: string;
  port?: number;
  uiPort?: number;
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
    .option("--detach", "go to the background once ready")
    .option("--tls-cert <file>", "certificate chain (PEM)")
    .option("--tls-key <file>", "private key (PEM)")
    .option("--allow-host <name>", "a name besides loopback under which it is called (repeatable)", collect)
    .option("--public-url <url>", "the URL others reach it under")
    .option("--insecure-http", "listen beyond loopback without TLS")
    .option("--accept-epoch <number>", "accept a database that is older than the last one seen", wholeNumber)
    .addHelpText("after", example("ownkey up", "ownkey up --port 0 --json"))
    .action(async (options: UpOptions) => {
      const flags: UpFlags = {
        json: options.json ?? false,
        detach: options.detach ?? false,
        ...given({
          host: options.host,
          port: options.port,
          uiPort: options.uiPort,
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

  program
    .command("down")
    .description("stop the running Ownkey; streams under way may finish first")
    .addHelpText("after", example("ownkey down"))
    .action(async (options: CommonOptions) => {
      const wasRunning = await askToStop(context);
      // Until it has really ended: whoever starts the next one must not find this one.
      if (!(await context.untilStopped())) throw stillFinishing();
      print(context, options, { done: true }, () => (wasRunning ? "stopped" : "nothing is running"));
    });

  program
    .command("status")
    .description("is it running, is the vault unlocked, what is in it")
    .action(async (options: CommonOptions) => {
      const status = await context.client.call(running.status, {});
      print(context, options, status, () =>
        fields([
          ["running", status.running ? `yes, pid ${status.pid}` : "no"],
          ["url", status.url],
          ["control", status.ui],
          ["home", status.home],
          ["store", status.store],
          ["vault", status.locked ? "locked" : "unlocked"],
          ["connections", status.connections],
          ["keys", status.keys],
          ["virtual keys", status.virtualKeys],
          ["version", status.version],
        ]),
      );
    });
};

/** False when there is nothing to be stopped. */
async function askToStop({ client }: CliContext): Promise<boolean> {
  try {
    await client.call(running.stop, {});
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "not_running") return false;
    throw error;
  }
}

function stillFinishing(): AppError {
  return new AppError("time_limit", "Ownkey was told to stop and is still there", {
    hint: "it may be finishing streams: look again with ownkey status; SIGTERM ends it at once",
  });
}
