import { connections } from "../control/index.ts";
import type { Register } from "./register.ts";
import type { CommonOptions } from "./context.ts";
import { collect, example, given } from "./options.ts";
import { fields, print, shortTime, table } from "./output.ts";

export const registerConnections: Register = (program, context) => {
  const group = program.command("connections").description("where and how each provider is reached");

  group
    .command("list")
    .description("all connections")
    .action(async (options: CommonOptions) => {
      const list = await context.client.call(connections.list, {});
      print(context, options, list, () =>
        table(
          list.items,
          [
            { title: "connection", of: (one) => one.name },
            { title: "provider", of: (one) => one.preset ?? one.provider },
            { title: "base url", of: (one) => one.baseUrl },
            { title: "keys", of: (one) => one.keys, right: true },
            { title: "model", of: (one) => one.model },
          ],
          "no connections yet; the first key makes one: ownkey keys add openai",
        ),
      );
    });

  group
    .command("show <ref>")
    .description("one connection with all its settings")
    .action(async (ref: string, options: CommonOptions) => {
      const one = await context.client.call(connections.show, { ref });
      print(context, options, one, () => connectionFields(one));
    });

  group
    .command("set <ref>")
    .description("change how a connection is used; its host can only be changed by adding the key anew")
    .option("--name <name>", "another name")
    .option("--model <model>", "default and test model")
    .option("--organization <id>", "sent with every request; empty to stop")
    .option("--project <id>", "sent with every request; empty to stop")
    .option("--region <name>", "where requests are processed")
    .option("--api-version <version>", "Azure: version of the dated route")
    .option("--deployment <name[=model]>", "Azure: replaces the list of deployments (repeatable)", collect)
    .option("--base-url <url>", "another path or host; another host needs the key again")
    .option("--allow-private <yes|no>", "may its host be a private address")
    .addHelpText("after", example("ownkey connections set openai --model gpt-5-mini"))
    .action(async (ref: string, options: SetOptions) => {
      const changed = await context.client.call(connections.set, {
        ref,
        ...given({
          name: options.name,
          model: options.model,
          organization: options.organization,
          project: options.project,
          region: options.region,
          apiVersion: options.apiVersion,
          deployments: options.deployment,
          baseUrl: options.baseUrl,
          allowPrivate: options.allowPrivate === undefined ? undefined : options.allowPrivate === "yes",
        }),
      });
      print(context, options, changed, () => connectionFields(changed));
    });

  group
    .command("remove <ref>")
    .description("remove a connection that has no keys any more")
    .action(async (ref: string, options: CommonOptions) => {
      const done = await context.client.call(connections.remove, { ref });
      print(context, options, done, () => `removed ${ref}`);
    });
};

interface SetOptions extends CommonOptions {
  name?: string;
  model?: string;
  organization?: string;
  project?: string;
  region?: string;
  apiVersion?: string;
  deployment?: string[];
  baseUrl?: string;
  allowPrivate?: string;
}

function connectionFields(one: Awaited<ReturnType<typeof connections.show.run>>): string {
  return fields([
    ["connection", one.name],
    ["id", one.id],
    ["provider", one.provider],
    ["preset", one.preset],
    ["base url", one.baseUrl],
    ["organization", one.organization],
    ["project", one.project],
    ["region", one.region],
    [
      "deployments",
      Object.entries(one.deployments)
        .map(([name, model]) => (model ? `${name}=${model}` : name))
        .join(", "),
    ],
    ["api version", one.apiVersion],
    ["model", one.model],
    ["private hosts", one.allowPrivate ? "allowed" : null],
    ["plain http", one.insecureHttp ? "allowed" : null],
    ["keys", one.keys],
    ["created", shortTime(one.createdAt)],
  ]);
}
