import type { Command } from "commander";
import * as keys from "../control/operations/keys.ts";
import { AppError } from "../kernel/index.ts";
import type { Register } from "./register.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { collect, example, exclusive, futureTime, given } from "./options.ts";
import { fields, paint, print, printable, shortTime, table, warn } from "./output.ts";
import { confirm } from "./prompt.ts";
import { readSecret, type SecretSourceOptions, secretOptions } from "./secret-source.ts";
import { secretInArgument } from "./secret-arguments.ts";

type ShownKey = Awaited<ReturnType<typeof keys.show.run>>;
type KeyDocument = Omit<ShownKey, "providerRates">;
type TestDocument = Awaited<ReturnType<typeof keys.test.run>>;

export const registerKeys: Register = (program, context, exit) => {
  const group = program
    .command("keys")
    .description("provider keys: the real secrets, encrypted in the vault");
  registerAdd(group, context);
  registerReplace(group, context);

  group
    .command("list")
    .description("all provider keys, without their values")
    .action(async (options: CommonOptions) => {
      const list = await context.client.call(keys.list, {});
      print(context, options, list, () => keyTable(list.items));
    });

  group
    .command("show <ref>")
    .description("one key: where it may go, its state and last verdict")
    .addHelpText("after", example("ownkey keys show openai/main"))
    .action(async (ref: string, options: CommonOptions) => {
      const key = await context.client.call(keys.show, { ref });
      print(context, options, key, () => `${keyFields(key)}${providerRatesText(key.providerRates)}`);
    });

  group
    .command("test <ref>")
    .description("ask the provider about the key with the cheapest call there is")
    .addHelpText("after", example("ownkey keys test openai/main"))
    .action(async (ref: string, options: CommonOptions) => {
      const test = await context.client.call(keys.test, { ref });
      print(context, options, test, () => testText(context, test));
      exit.code = test.verdict === "ok" ? 0 : test.verdict === "unreachable" ? 1 : 6;
    });

  group
    .command("rename <ref> <name>")
    .description("give the key another name within its connection")
    .addHelpText("after", example("ownkey keys rename openai/main spare"))
    .action(async (ref: string, name: string, options: CommonOptions) => {
      const key = await context.client.call(keys.rename, { ref, name });
      print(context, options, key, () => `renamed to ${key.connection}/${key.name}`);
    });

  for (const [verb, text, said] of [
    ["disable", "stop lending the key, reversibly", "disabled"],
    ["enable", "lend the key again", "enabled"],
  ] as const) {
    group
      .command(`${verb} <ref>`)
      .description(text)
      .addHelpText("after", example(`ownkey keys ${verb} openai/main`))
      .action(async (ref: string, options: CommonOptions) => {
        const key = await context.client.call(keys[verb], { ref });
        print(context, options, key, () => `${key.connection}/${key.name} is ${said}`);
      });
  }

  group
    .command("remove <ref>")
    .description("destroy the stored value; the key's history stays")
    .addHelpText("after", example("ownkey keys remove openai/spare"))
    .option("--yes", "do not ask")
    .action(async (ref: string, options: CommonOptions & { yes?: boolean }) => {
      const { client } = context;
      const key = await client.call(keys.show, { ref });
      await confirmed(
        context,
        options.yes,
        `Destroy ${key.connection}/${key.name}? It stays valid at the provider.`,
      );
      const removed = await client.call(keys.remove, { ref: key.id });
      print(
        context,
        options,
        removed,
        () => `removed ${removed.connection}/${removed.name}; delete it at the provider too`,
      );
    });

  group
    .command("reveal <ref>")
    .description("print the key itself, on a terminal and after confirmation only; audited")
    .addHelpText("after", example("ownkey keys reveal openai/main"))
    .action(async (ref: string) => {
      if (!context.interactive) {
        throw new AppError("denied", "a key is revealed on a terminal only", {
          hint: "tools get virtual keys: ownkey vk create",
        });
      }
      await confirmed(context, false, "Print the key on this screen? It will be recorded that you did.");
      const { client } = context;
      context.stdout.write(`${(await client.call(keys.reveal, { ref })).value}\n`);
    });
};

interface ConnectionOptions {
  connection?: string;
  baseUrl?: string;
  endpoint?: string;
  deployment?: string[];
  apiVersion?: string;
  model?: string;
  organization?: string;
  project?: string;
  region?: string;
  allowPrivate?: boolean;
  insecureHttp?: boolean;
}

interface AddOptions extends CommonOptions, SecretSourceOptions, ConnectionOptions {
  name?: string;
  admin?: boolean;
  test: boolean;
  keep?: boolean;
  class?: "development" | "production";
  owner?: string;
  purpose?: string;
  expires?: string;
}

function registerAdd(group: Command, context: CliContext): void {
  const add = secretOptions(group.command("add <provider> [rest...]"))
    .description(
      "test a key and store it encrypted; it is read from a prompt, stdin or a variable, never an argument",
    )
    .option("--name <name>", "the key's name within its connection (default: main)")
    .option("--connection <name>", "a connection of its own under this name")
    .option("--base-url <url>", "the provider's base URL, with or without its version segment")
    .option("--endpoint <url>", "Azure: the resource's endpoint")
    .option("--deployment <name[=model]>", "Azure: a deployment and the model it runs (repeatable)", collect)
    .option("--api-version <version>", "Azure: version of the dated route")
    .option("--model <model>", "the connection's default and test model")
    .option("--organization <id>", "sent with every request of this connection")
    .option("--project <id>", "sent with every request of this connection")
    .option("--region <name>", "where the provider processes requests")
    .option("--allow-private", "the base URL may be a private address")
    .option("--insecure-http", "plain http may be used beyond loopback")
    .option("--class <class>", "development (due after 90 days) or production (30 days)")
    .option("--owner <name>", "who answers for the key")
    .option("--purpose <text>", "what it is for")
    .option("--expires <time>", "when the provider ends it: a date or a span such as 90d", futureTime)
    .option("--admin", "a key that manages keys; kept apart, never used for requests")
    .option("--no-test", "store without asking the provider")
    .option("--keep", "store even if the provider refuses it")
    .addHelpText(
      "after",
      example(
        "ownkey keys add openai",
        "ownkey keys add anthropic --from-env ANTHROPIC_API_KEY",
        "ownkey keys add azure --endpoint https://my.openai.azure.com --deployment gpt-5=gpt-5 --stdin < key.txt",
      ),
    )
    .action(async (provider: string, rest: string[], options: AddOptions) => {
      if (rest.length > 0) throw secretInArgument();
      const { client } = context;
      const { keyVariables, keyOptional } = await client.call(keys.providerHelp, { provider });
      const value = await readSecret(context, options, {
        what: `${provider} key`,
        variables: keyVariables,
        optional: keyOptional,
      });
      const added = await client.call(keys.add, {
        ...given({
          name: options.name,
          connection: options.connection,
          baseUrl: options.baseUrl,
          endpoint: options.endpoint,
          deployments: options.deployment,
          apiVersion: options.apiVersion,
          model: options.model,
          organization: options.organization,
          project: options.project,
          region: options.region,
          allowPrivate: options.allowPrivate,
          insecureHttp: options.insecureHttp,
          class: options.class,
          owner: options.owner,
          purpose: options.purpose,
          expiresAt: options.expires,
        }),
        provider,
        value,
        test: options.test,
        keep: options.keep ?? false,
        admin: options.admin ?? false,
      });
      for (const text of added.warnings) warn(context, text);
      print(context, options, added, () =>
        [
          `stored ${added.connection}/${added.name}  ${added.fingerprint}  (${added.verdict})`,
          `next: ownkey vk create --name my-tool`,
        ].join("\n"),
      );
    });
  exclusive(add, "--base-url", "--endpoint");
}

function registerReplace(group: Command, context: CliContext): void {
  secretOptions(group.command("replace <ref> [rest...]"))
    .description("test a new value, store it as the next version and use it from now on")
    .option("--no-test", "store without asking the provider")
    .option("--keep", "use it even if the provider refuses it")
    .addHelpText("after", example("ownkey keys replace openai/main"))
    .action(
      async (
        ref: string,
        rest: string[],
        options: CommonOptions & SecretSourceOptions & { test: boolean; keep?: boolean },
      ) => {
        if (rest.length > 0) throw secretInArgument();
        const { client } = context;
        const key = await client.call(keys.show, { ref });
        const value = await readSecret(context, options, {
          what: `new value of ${key.connection}/${key.name}`,
          variables: [],
          optional: false,
        });
        const replaced = await client.call(keys.replace, {
          ref: key.id,
          value,
          test: options.test,
          keep: options.keep ?? false,
        });
        for (const text of replaced.warnings) warn(context, text);
        print(
          context,
          options,
          replaced,
          () =>
            `${replaced.connection}/${replaced.name} is now version ${replaced.version}  ${replaced.fingerprint}  (${replaced.verdict})`,
        );
      },
    );
}

function keyTable(items: readonly KeyDocument[]): string {
  return table(
    items,
    [
      { title: "key", of: (key) => `${key.connection}/${key.name}` },
      { title: "provider", of: (key) => key.provider },
      { title: "state", of: (key) => key.state },
      { title: "verdict", of: (key) => key.verdict },
      { title: "fingerprint", of: (key) => key.fingerprint },
      { title: "last used", of: (key) => shortTime(key.lastUsedAt) },
      { title: "due", of: (key) => key.dueAt?.slice(0, 10) },
      ...(items.some(({ exposed }) => exposed.length > 0)
        ? [{ title: "exposed", of: (key: KeyDocument) => key.exposed.join(", ") }]
        : []),
    ],
    "no keys yet; add one: ownkey keys add openai",
  );
}

function keyFields(key: KeyDocument): string {
  return fields([
    ["key", `${key.connection}/${key.name}`],
    ["id", key.id],
    ["provider", key.provider],
    ["kind", key.kind],
    ["class", key.class],
    ["state", key.state],
    ["version", key.version],
    ["fingerprint", key.fingerprint],
    ["verdict", key.verdictAt ? `${key.verdict} (${shortTime(key.verdictAt)})` : key.verdict],
    ["owner", key.owner],
    ["purpose", key.purpose],
    ["created", shortTime(key.createdAt)],
    ["last used", shortTime(key.lastUsedAt)],
    ["expires", shortTime(key.expiresAt)],
    ["due", key.dueAt?.slice(0, 10)],
    ["exposed", exposedText(key)],
  ]);
}

/** A block of its own below the key's fields: what is left there, by model. */
function providerRatesText(seen: ShownKey["providerRates"]): string {
  if (seen.length === 0) return "";
  const leftOf = ({ limits, pausedUntil }: (typeof seen)[number]) => {
    const left = limits.map(({ name, limit, remaining }) => `${remaining ?? "?"} of ${limit ?? "?"} ${name}`);
    return [...left, ...(pausedUntil === null ? [] : [`nothing is sent until ${pausedUntil.slice(11, 19)}`])];
  };
  const rows = table(
    seen,
    [
      { title: "model", of: ({ model }) => model ?? "-" },
      { title: "left at the provider", of: (one) => leftOf(one).join(", ") },
      { title: "seen", of: ({ seenAt }) => shortTime(seenAt) },
    ],
    "",
  );
  return `\n\n${rows}`;
}

const EXPOSED: Readonly<Record<KeyDocument["exposed"][number], string>> = {
  git: "a git repository holds it",
  synced: "it was in a file that is copied to other machines",
  published: "it was in a file that a published package takes along",
  readable: "others on this machine could read it",
};

function exposedText({ exposed, connection, name }: KeyDocument): string | undefined {
  if (exposed.length === 0) return undefined;
  const where = exposed.map((place) => EXPOSED[place]).join("; ");
  return `${where}: make a new one at the provider, then: ownkey keys replace ${connection}/${name}`;
}

function testText(context: CliContext, test: TestDocument): string {
  const good = test.verdict === "ok";
  return [
    `${paint(context, good ? "green" : "red", test.verdict)}  ${printable(test.explanation)}`,
    ...(test.providerText === null ? [] : [`the provider says: ${printable(test.providerText)}`]),
    ...(test.link === null ? [] : [`see ${test.link}`]),
    good ? `proves: ${test.proves}` : `the same by hand: ${test.curl}`,
  ].join("\n");
}

async function confirmed(context: CliContext, yes: boolean | undefined, question: string): Promise<void> {
  if (yes) return;
  if (!(await confirm(context, question, "say --yes to go on without being asked"))) {
    throw new AppError("cancelled", "cancelled; nothing was changed");
  }
}
