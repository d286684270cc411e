import { Option } from "commander";
import * as connections from "../control/operations/connections.ts";
import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { collectOrNone, example, given } from "./options.ts";
import { fields, print, shortTime, table, warn } from "./output.ts";
import { secretInArgument } from "./secret-arguments.ts";
import { readSecret, secretOptions, type SecretSourceOptions } from "./secret-source.ts";

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
    .addHelpText("after", example("ownkey connections show openai"))
    .action(async (ref: string, options: CommonOptions) => {
      const one = await context.client.call(connections.show, { ref });
      print(context, options, one, () => connectionFields(one));
    });

  secretOptions(group.command("set <ref> [rest...]"))
    .description("change how a connection is used; for another host its key is asked for again")
    .option("--name <name>", "another name")
    .option("--model <model>", "default and test model")
    .option("--organization <id>", "sent with every request; empty to stop")
    .option("--project <id>", "sent with every request; empty to stop")
    .option("--region <name>", "where requests are processed")
    .option("--api-version <version>", "Azure: version of the dated route")
    .option(
      "--deployment <name[=model]>",
      "Azure: replaces the list of deployments (repeatable); empty for none",
      collectOrNone,
    )
    .option("--base-url <url>", "another path or host; another host needs the key again")
    .addOption(
      new Option("--allow-private <yes|no>", "may its host be a private address").choices(["yes", "no"]),
    )
    .option("--no-test", "with another host: do not ask the provider about the key")
    .option("--keep", "with another host: take the key even if the provider refuses it")
    .addHelpText(
      "after",
      example(
        "ownkey connections set openai --model gpt-5-mini",
        "ownkey connections set openai --base-url https://proxy.example/v1 --from-env OPENAI_API_KEY",
      ),
    )
    .action(async (ref: string, rest: string[], options: SetOptions) => {
      if (rest.length > 0) throw secretInArgument();
      const changed = await setWithKeys(context, options, {
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
        test: options.test,
        keep: options.keep ?? false,
      });
      for (const text of changed.warnings) warn(context, text);
      print(context, options, changed, () => connectionFields(changed));
    });

  group
    .command("remove <ref>")
    .description("remove a connection that has no keys any more")
    .addHelpText("after", example("ownkey connections remove openai"))
    .action(async (ref: string, options: CommonOptions) => {
      const done = await context.client.call(connections.remove, { ref });
      print(context, options, done, () => `removed ${ref}`);
    });
};

type Changes = Parameters<typeof connections.set.run>[2];

/** A key is bound to its host: when that changes, the operation names the keys that it needs again. */
async function setWithKeys(
  context: CliContext,
  options: SetOptions,
  changes: Partial<Changes> & Pick<Changes, "ref">,
) {
  const { client } = context;
  try {
    return await client.call(connections.set, { ...changes, values: {} });
  } catch (error) {
    const names = keysNeeded(error);
    if (names.length === 0 || !canGive(context, options, names)) throw error;
    const values: Record<string, string> = {};
    for (const name of names) {
      const what = `key ${changes.ref}/${name}, for the new host`;
      values[name] = await readSecret(context, options, { what, variables: [], optional: false });
    }
    return await client.call(connections.set, { ...changes, values });
  }
}

function keysNeeded(error: unknown): readonly string[] {
  const refused = error instanceof AppError && error.code === "destination_refused";
  const names = refused ? error.details?.["keys"] : undefined;
  return Array.isArray(names) ? (names as readonly string[]) : [];
}

/** One source gives one value; several are asked for one by one. */
function canGive(
  { interactive }: CliContext,
  { stdin, fromEnv }: SetOptions,
  names: readonly string[],
): boolean {
  return stdin || fromEnv !== undefined ? names.length === 1 : interactive;
}

interface SetOptions extends CommonOptions, SecretSourceOptions {
  test: boolean;
  keep?: boolean;
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
