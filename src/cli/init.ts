import { documentOf, isWhole, sayer } from "./adopt.ts";
import { type Adopted, adoptKeys, type AdoptOptions } from "./adopt-keys.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { connectFound, type ConnectedTool } from "./init-connect.ts";
import { type FirstRequest, firstRequest } from "./init-request.ts";
import { example } from "./options.ts";
import { paint, print } from "./output.ts";
import type { Register } from "./register.ts";
import { offerService } from "./tools-service.ts";

const NOT_ALL_EXIT_CODE = 1;

interface InitOptions extends CommonOptions {
  yes?: boolean;
  offline?: boolean;
  backup: boolean;
  test: boolean;
  git?: boolean;
}

interface Done {
  readonly adopted: Adopted;
  readonly tools: readonly ConnectedTool[];
  /** What became possible by connecting tools. */
  readonly again: Adopted | undefined;
  readonly request: FirstRequest | undefined;
}

export const registerInit: Register = (program, context, exit) => {
  program
    .command("init [paths...]")
    .description("the first ten minutes: find keys, take them in, set up tools, send one request")
    .option("--yes", "all of it, without a question")
    .option("--git", "look through the history of repositories as well")
    .option("--no-test", "do not ask the providers about the keys first")
    .option("--offline", "change files although no request can be tried")
    .option("--no-backup", "even if nothing would bring the keys back")
    .addHelpText("after", example("ownkey init", "ownkey init ~/projects --yes"))
    .action(async (paths: string[], options: InitOptions) => {
      const say = sayer(context, options);
      const done = await steps(context, paths, { ...options, say });
      const { adopted, tools, again, request } = done;
      const isOk =
        [adopted, again].every((one) => one === undefined || isWhole(one)) &&
        tools.every(({ isOk: works }) => works) &&
        request?.ok !== false;
      exit.code = isOk ? 0 : NOT_ALL_EXIT_CODE;
      if (hasDone(done)) {
        say(
          `\n${paint(context, "dim", "undo: ownkey adopt undo, ownkey tools disconnect --all, or all of it: ownkey eject")}`,
        );
        await offerService(context, options);
      } else say("\neverything is set up already: nothing was changed");
      print(
        context,
        options,
        {
          changed: hasDone(done),
          adopted: documentOf(adopted),
          tools,
          again: again ? documentOf(again) : null,
          request: request ?? null,
        },
        () => "",
      );
    });
};

async function steps(
  context: CliContext,
  paths: readonly string[],
  options: InitOptions & { readonly say: (text: string) => void },
): Promise<Done> {
  const { say } = options;
  const title = (text: string) => say(`\n${paint(context, "bold", text)}`);
  const adoptOptions: AdoptOptions = {
    paths,
    tools: [],
    git: options.git ?? false,
    yes: options.yes ?? false,
    dryRun: false,
    offline: options.offline ?? false,
    backup: options.backup,
    test: options.test,
    say,
  };
  title("1. Keys that lie in plain text");
  const adopted = await adoptKeys(context, adoptOptions);
  title("2. Tools");
  const tools = await connectFound(context, adopted, {
    yes: options.yes ?? false,
    json: options.json === true,
    say,
  });
  const again = await adoptAgain(context, adopted, tools, adoptOptions);
  if (!changed(adopted) && tools.every(({ outcome }) => outcome !== "connected")) {
    return { adopted, tools, again, request: undefined };
  }
  title("3. One real request");
  const request = await firstRequest(context, { yes: options.yes ?? false, say });
  return { adopted, tools, again, request };
}

/** Keys that their tools needed until they were connected. */
async function adoptAgain(
  context: CliContext,
  { plans }: Adopted,
  tools: readonly ConnectedTool[],
  options: AdoptOptions,
): Promise<Adopted | undefined> {
  const connected = new Set(tools.filter(({ outcome }) => outcome === "connected").map(({ tool }) => tool));
  const waiting = plans.flatMap(({ tool, places }) =>
    tool !== null && connected.has(tool) && places.some(({ way }) => way === "left") ? [tool] : [],
  );
  if (waiting.length === 0) return undefined;
  options.say(`\n${paint(context, "bold", "Keys that connected tools do not need any more")}`);
  return await adoptKeys(context, { ...options, tools: [...new Set(waiting)] });
}

function changed(adopted: Adopted | undefined): boolean {
  return adopted?.applied?.items.some(({ outcome }) => outcome === "changed") ?? false;
}

function hasDone({ adopted, again, tools, request }: Done): boolean {
  return (
    changed(adopted) ||
    changed(again) ||
    request !== undefined ||
    tools.some(({ outcome }) => outcome === "connected")
  );
}
