import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import { collect, example, given } from "./options.ts";

interface RunOptions {
  envFile?: string[];
  tool?: string;
  vk?: string;
  connection?: string;
  onlyReferences?: boolean;
  real?: boolean;
}

/** The plain form never comes here: main.ts takes it the fast way. */
export const registerRun: Register = (program, context, exit) => {
  program
    .command("run")
    .usage("[options] -- command [args...]")
    .description("run a program whose SDKs use your keys through the gateway, with a token that ends with it")
    .argument("[command...]", "the program and its arguments")
    .passThroughOptions()
    .option(
      "--env-file <file>",
      "variables from this file as well; ownkey://connection/key stands for a key",
      collect,
    )
    .option("--tool <name>", "count and limit it as this tool", "run")
    .option("--vk <name>", "run it under this virtual key instead of the tool's own")
    .option("--connection <name>", "send everything to this connection")
    .option("--only-references", "set nothing but the variables that refer to a key")
    .option("--json", "tell Ownkey's own mistakes as JSON; what the program prints is its own")
    .option("--real", "references become the keys themselves: on a terminal, after confirmation, audited")
    .addHelpText(
      "after",
      example(
        "ownkey run -- python app.py",
        "ownkey run --env-file .env -- npm start",
        "ownkey run --tool nightly --vk ci -- ./job.sh",
      ),
    )
    .action(async (words: string[], options: RunOptions) => {
      const [command, ...args] = words;
      if (command === undefined) {
        throw new AppError("usage", "the program to run is missing", {
          hint: "write it behind --: ownkey run -- command args…",
        });
      }
      exit.code = await context.runProgram({
        command,
        args,
        envFiles: options.envFile ?? [],
        onlyReferences: options.onlyReferences ?? false,
        real: options.real ?? false,
        ...given({ tool: options.tool, virtualKey: options.vk, connection: options.connection }),
      });
    });
};
