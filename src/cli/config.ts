import * as config from "../control/operations/config.ts";
import type { Register } from "./register.ts";
import type { CommonOptions } from "./context.ts";
import { example, given } from "./options.ts";
import { print, table, warn } from "./output.ts";

export const registerConfig: Register = (program, context) => {
  const group = program.command("config").description("settings");

  group
    .command("list")
    .description("all settings, their values and where these come from")
    .action(async (options: CommonOptions) => {
      const list = await context.client.call(config.list, {});
      for (const problem of list.problems) warn(context, problem);
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "setting", of: (item) => item.name },
            { title: "value", of: (item) => valueText(item.value) },
            { title: "from", of: (item) => item.source },
            { title: "help", of: (item) => item.help },
          ],
          "",
        ),
      );
    });

  group
    .command("get <name>")
    .description("one setting's value")
    .addHelpText("after", example("ownkey config get port"))
    .action(async (name: string, options: CommonOptions) => {
      const item = await context.client.call(config.get, { name });
      print(context, options, item, () => valueText(item.value));
    });

  group
    .command("set <name> [value]")
    .description("write a setting to config.jsonc; without a value the default comes back")
    .addHelpText("after", example("ownkey config set port 8899"))
    .action(async (name: string, value: string | undefined, options: CommonOptions) => {
      const item = await context.client.call(config.set, { name, ...given({ value }) });
      if (item.source === "environment") warn(context, `${item.variable} is set and wins over the file`);
      const done = value === undefined ? "taken out of the file" : "written";
      print(context, options, item, () =>
        item.needsRestart ? `${done}; it applies from the next start` : done,
      );
    });
};

function valueText(value: unknown): string {
  return value === null
    ? ""
    : Array.isArray(value)
      ? value.join(", ")
      : `${value as string | number | boolean}`;
}
