import * as models from "../control/operations/models.ts";
import type { Register } from "./register.ts";
import type { CommonOptions } from "./context.ts";
import { example, given } from "./options.ts";
import { print, table, warn } from "./output.ts";

export const registerModels: Register = (program, context) => {
  program
    .command("models")
    .description("models that your connections offer, with price and retirement date")
    .option("--connection <ref>", "of this connection only")
    .addHelpText("after", example("ownkey models --connection openai"))
    .action(async (options: CommonOptions & { connection?: string }) => {
      const list = await context.client.call(models.list, given({ connection: options.connection }));
      for (const problem of list.problems) warn(context, problem);
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "model", of: (item) => item.model },
            { title: "connection", of: (item) => item.connection },
            { title: "input $/M", of: (item) => item.inputUsdPerMillion ?? "unpriced", right: true },
            { title: "output $/M", of: (item) => item.outputUsdPerMillion ?? "unpriced", right: true },
            { title: "retires", of: (item) => item.retiresAt },
            { title: "use instead", of: (item) => item.replacement },
          ],
          "no models; add a key first: ownkey keys add openai",
        ),
      );
    });
};
