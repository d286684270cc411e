/** Setting up the tools that are there, after their keys were taken in. */
import * as tools from "../control/operations/tools.ts";
import { isJsonObject, toAppError } from "../kernel/index.ts";
import type { Adopted } from "./adopt-keys.ts";
import { chooseOne, chooseSome } from "./choose.ts";
import type { CliContext } from "./context.ts";
import { printable } from "./output.ts";
import { connectOne } from "./tools-connect.ts";
import { shellOf } from "./tools-shell.ts";

export interface ConnectedTool {
  readonly tool: string;
  readonly outcome: "connected" | "refused" | "declined" | "planned";
  /** False when it was connected and a request showed that it does not work. */
  readonly isOk: boolean;
  readonly message: string | null;
}

interface Options {
  readonly yes: boolean;
  readonly json: boolean;
  readonly say: (text: string) => void;
}

type Item = Awaited<ReturnType<typeof tools.list.run>>["items"][number];

export async function connectFound(
  context: CliContext,
  adopted: Adopted,
  options: Options,
): Promise<ConnectedTool[]> {
  const { items } = await context.client.call(tools.list, { ...shellOf(context), versions: false });
  const open = items.filter(isOpen);
  const through = items.filter(({ state }) => state === "connected").map(({ name }) => name);
  if (through.length > 0) options.say(`through Ownkey already: ${through.join(", ")}`);
  for (const item of items.filter((one) => !isOpen(one) && one.state !== "connected")) {
    options.say(`${printable(item.name)} was left out: ${leftOut(item)}`);
  }
  if (open.length === 0) {
    options.say("no other tool was found that could be set up by itself");
    return [];
  }
  const chosen = options.yes ? open : await choose(context, open);
  const done: ConnectedTool[] = [];
  for (const { id } of chosen) done.push(await connect(context, id, { ...options, adopted }));
  return done;
}

/** What a subscription pays, what concerns more than one tool, and what only a person can set up is left out. */
function isOpen({ state, takes, notInAll }: Item): boolean {
  return (
    notInAll === null &&
    takes !== "dialog" &&
    state !== "connected" &&
    state !== "subscription" &&
    state !== "guide"
  );
}

function leftOut({ id, state, notInAll }: Item): string {
  if (state === "subscription")
    return `it is paid by subscription; to have it paid by use: ownkey tools connect ${id}`;
  return notInAll ?? `it is set up by hand: ownkey tools connect ${id}`;
}

async function choose(context: CliContext, open: readonly Item[]): Promise<Item[]> {
  return await chooseSome(
    context,
    "Which tools shall use Ownkey?",
    open.map((item) => ({
      value: item,
      label: item.name,
      hint: item.state === "direct" ? "uses a key of its own" : "",
    })),
  );
}

async function connect(
  context: CliContext,
  tool: string,
  { yes, json, adopted }: Options & { readonly adopted: Adopted },
): Promise<ConnectedTool> {
  const connection = await connectionFor(context, tool, { yes, adopted });
  const { outcome, verified, error } = await connectOne(
    context,
    tool,
    { yes, json, verify: true, ...(connection === undefined ? {} : { connection }) },
    false,
  );
  return {
    tool,
    outcome,
    isOk: verified?.ok !== false,
    message: error?.message ?? (verified?.ok === false ? verified.what : null),
  };
}

/** Where several could serve a tool: the one that its own key went to, else the oldest, unless a person is there. */
async function connectionFor(
  context: CliContext,
  tool: string,
  { yes, adopted }: { readonly yes: boolean; readonly adopted: Adopted },
): Promise<string | undefined> {
  try {
    await context.client.call(tools.plan, { ...shellOf(context), tool });
    return undefined;
  } catch (error) {
    const names = namesIn(toAppError(error).details);
    const [first] = names;
    if (first === undefined) return undefined;
    const own = adopted.plans
      .filter((plan) => plan.tool === tool)
      .flatMap(({ places }) => places.map(({ key }) => key.split("/")[0] ?? ""));
    const usual = names.find((name) => own.includes(name)) ?? first;
    if (yes || !context.interactive) return usual;
    const sorted = [usual, ...names.filter((name) => name !== usual)];
    return await chooseOne(
      context,
      `Which connection shall ${tool} use?`,
      sorted.map((name) => ({ value: name, label: name })),
    );
  }
}

function namesIn(details: unknown): string[] {
  const names = isJsonObject(details) ? details["connections"] : undefined;
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}
