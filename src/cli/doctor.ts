import { resolve } from "node:path";
import * as config from "../control/operations/config.ts";
import * as connections from "../control/operations/connections.ts";
import * as doctor from "../control/operations/doctor.ts";
import * as keys from "../control/operations/keys.ts";
import * as programs from "../control/operations/program.ts";
import { AppError, type Json, toAppError } from "../kernel/index.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { checklistLines, doctorText, type OutcomeDocument } from "./doctor-report.ts";
import { example } from "./options.ts";
import { paint, print, printable } from "./output.ts";
import { ProgressLine } from "./progress-line.ts";
import type { Register } from "./register.ts";

interface DoctorOptions extends CommonOptions {
  fix?: boolean;
  bundle?: string;
}

export const registerDoctor: Register = (program, context, exit) => {
  program
    .command("doctor [request]")
    .description("look at everything that can be wrong; with the id of a request, tell what happened to it")
    .option("--fix", "mend what can be mended without making anything worse, and say what was done")
    .option("--bundle <file>", "write what somebody needs to help from afar, without secrets")
    .addHelpText("after", example("ownkey doctor", "ownkey doctor --fix", "ownkey doctor req_01j9zk3v5x"))
    .action(async (request: string | undefined, options: DoctorOptions) => {
      if (request !== undefined) return await tellRequest(context, request, options);
      exit.code = await examine(context, options);
    });
};

async function tellRequest(context: CliContext, id: string, options: DoctorOptions): Promise<void> {
  if (options.fix || options.bundle !== undefined) {
    throw new AppError("usage", "--fix and --bundle are for the examination of everything", {
      hint: "leave out the request's id",
    });
  }
  const told = await context.client.call(doctor.request, { id });
  print(context, options, told, () =>
    [
      paint(context, "bold", told.title),
      ...told.story.map(printable),
      ...checklistLines(told.checklist, "  "),
      `next: ${printable(told.next)}`,
      ...(told.link === null ? [] : [`see ${printable(told.link)}`]),
    ].join("\n"),
  );
}

async function examine(context: CliContext, options: DoctorOptions): Promise<number> {
  const fix = options.fix ?? false;
  const progress = new ProgressLine(context);
  let ended = 0;
  const onOutcome = (outcome: { readonly title: string }) =>
    progress.show(`${++ended} looked at: ${outcome.title}`);
  let items: OutcomeDocument[];
  try {
    // First what lies around the home: a fix may be what lets the home be opened.
    const { items: machine } = await context.client.call(doctor.machine, {
      environment: { ...context.environment },
      fix,
      onOutcome,
    });
    items = [...machine, ...(await examineHome(context, fix, onOutcome))];
  } finally {
    progress.clear();
  }
  const ordered = Map.groupBy(items, ({ group }) => group)
    .values()
    .toArray()
    .flat();
  const failed = ordered.filter(({ status }) => status === "fail").length;
  if (options.bundle !== undefined) await writeBundle(context, options.bundle, ordered);
  print(context, options, { items: ordered, failed }, () => doctorText(context, ordered));
  return failed > 0 ? 1 : 0;
}

/** All at once, each with an answer of its own: what hangs does not hold up the others. */
async function examineHome(
  context: CliContext,
  fix: boolean,
  onOutcome: (outcome: OutcomeDocument) => void,
): Promise<OutcomeDocument[]> {
  const { client } = context;
  let checks: readonly { readonly id: string; readonly title: string; readonly group: string }[];
  try {
    // Opening the home for the checks would make one where there is none.
    if ((await client.call(programs.status, {})).vaultId === null) {
      return [
        homeOutcome("skip", "there is no vault yet", "ownkey up makes one; ownkey keys add stores a key"),
      ];
    }
    ({ items: checks } = await client.call(doctor.checks, {}));
  } catch (error) {
    const { code, message, hint } = toAppError(error);
    return code === "not_found"
      ? [homeOutcome("fail", "the running program is of another version", "ownkey down; ownkey up --detach")]
      : [homeOutcome("fail", `the home cannot be opened: ${message}`, hint)];
  }
  return await atMost(AT_ONCE, checks, async ({ id, title, group }) => {
    const outcome: OutcomeDocument = await client.call(doctor.check, { id, fix }).catch((error: unknown) => {
      const { message, hint } = toAppError(error);
      return { id, title, group, status: "fail" as const, what: message, next: hint, durationMs: 0 };
    });
    onOutcome(outcome);
    return outcome;
  });
}

/** A provider that is asked about a hundred keys at the same moment takes that for an attack. */
const AT_ONCE = 12;

async function atMost<Item, Result>(
  limit: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}

function homeOutcome(status: "skip" | "fail", what: string, next: string | undefined): OutcomeDocument {
  return { id: "vault.open", title: "vault", group: "vault", status, what, next, durationMs: 0 };
}

async function writeBundle(
  context: CliContext,
  file: string,
  outcomes: readonly OutcomeDocument[],
): Promise<void> {
  const { client } = context;
  const inventory: Record<string, Json> = {};
  const take = async (name: string, work: () => Promise<unknown>) => {
    try {
      inventory[name] = (await work()) as Json;
    } catch (error) {
      inventory[name] = { error: toAppError(error).code };
    }
  };
  await take("status", () => client.call(programs.status, {}));
  await take("connections", () => client.call(connections.list, {}));
  await take("keys", () => client.call(keys.list, {}));
  await take("settingProblems", async () => (await client.call(config.list, {})).problems);
  const { text } = await client.call(doctor.bundle, {
    outcomes: outcomes as never,
    inventory,
    environment: { ...context.environment },
  });
  context.writeFile(resolve(context.workingDirectory, file), text);
}
