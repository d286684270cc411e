import * as prices from "../control/operations/prices.ts";
import type { Register } from "./register.ts";
import type { CommonOptions } from "./context.ts";
import { example, given } from "./options.ts";
import { fields, print, shortTime, table } from "./output.ts";
import { AppError } from "../kernel/index.ts";

interface SetOptions extends CommonOptions {
  input: string;
  output: string;
  cacheRead?: string;
  cacheWrite5m?: string;
  cacheWrite1h?: string;
  connection?: string;
}

export const registerPrices: Register = (program, context) => {
  const group = program.command("prices").description("what a model costs, and your own prices over it");

  group
    .command("list")
    .description("your own prices")
    .action(async (options: CommonOptions) => {
      const list = await context.client.call(prices.list, {});
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "for", of: (item) => item.scope },
            { title: "model", of: (item) => item.model },
            { title: "input $/M", of: (item) => item.inputUsdPerMillion, right: true },
            { title: "output $/M", of: (item) => item.outputUsdPerMillion, right: true },
            { title: "since", of: (item) => shortTime(item.setAt) },
          ],
          `no prices of your own; price data: ${list.version}`,
        ),
      );
    });

  group
    .command("show <provider> <model>")
    .description("the price of one model and where it comes from")
    .addHelpText("after", example("ownkey prices show openai gpt-4.1-mini"))
    .action(async (provider: string, model: string, options: CommonOptions) => {
      const price = await context.client.call(prices.show, { provider, model });
      print(context, options, price, () =>
        fields([
          ["model", price.model],
          ["source", price.source],
          ["input $/M", price.inputUsdPerMillion ?? "unpriced"],
          ["output $/M", price.outputUsdPerMillion],
          ["cache read $/M", price.cacheReadUsdPerMillion],
          ["cache write 5m $/M", price.cacheWrite5mUsdPerMillion],
          ["cache write 1h $/M", price.cacheWrite1hUsdPerMillion],
          ["perhaps meant", price.suggestion],
        ]),
      );
    });

  group
    .command("set <provider> <model>")
    .description("your own price, in US dollars per million tokens; it wins over the price data")
    .requiredOption("--input <usd>", "input tokens")
    .requiredOption("--output <usd>", "output tokens")
    .option("--cache-read <usd>", "input tokens read from the cache (default: as input)")
    .option("--cache-write-5m <usd>", "tokens written to the 5-minute cache (default: 1.25 × input)")
    .option("--cache-write-1h <usd>", "tokens written to the 1-hour cache (default: 2 × input)")
    .option("--connection <ref>", "for this connection only")
    .addHelpText("after", example("ownkey prices set openai-compatible my-model --input 0.5 --output 1.5"))
    .action(async (provider: string, model: string, options: SetOptions) => {
      const price = await context.client.call(prices.set, {
        provider,
        model,
        inputUsdPerMillion: options.input,
        outputUsdPerMillion: options.output,
        ...given({
          cacheReadUsdPerMillion: options.cacheRead,
          cacheWrite5mUsdPerMillion: options.cacheWrite5m,
          cacheWrite1hUsdPerMillion: options.cacheWrite1h,
          connection: options.connection,
        }),
      });
      print(context, options, price, () => `set; it applies to requests from now on`);
    });

  group
    .command("remove <provider> <model>")
    .description("go back to the price data")
    .addHelpText("after", example("ownkey prices remove openai-compatible my-model"))
    .option("--connection <ref>", "the price of this connection only")
    .action(async (provider: string, model: string, options: CommonOptions & { connection?: string }) => {
      const done = await context.client.call(prices.remove, {
        provider,
        model,
        ...given({ connection: options.connection }),
      });
      print(context, options, done, () => "removed");
    });

  group
    .command("refresh <file>")
    .description("take newer price data from a file you downloaded; large changes ask for --accept-changes")
    .option("--accept-changes", "also take prices that changed more than tenfold")
    .addHelpText("after", example("ownkey prices refresh data.json"))
    .action(async (file: string, options: CommonOptions & { acceptChanges?: boolean }) => {
      const text = context.readFile(file);
      if (text.trim() === "") throw new AppError("invalid_input", `${file} is empty`);
      const result = await context.client.call(prices.refresh, {
        data: text,
        source: file,
        acceptChanges: options.acceptChanges ?? false,
      });
      print(
        context,
        options,
        result,
        () => `price data is now ${result.version}; a running Ownkey takes it at its next start`,
      );
    });
};
