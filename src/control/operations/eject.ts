import { z } from "zod";
import {
  adoptionOfChange,
  oneAtATime,
  revokeUnused,
  undoableChanges,
  undoChanges,
} from "../../adopt/index.ts";
import { ADAPTERS, type Changes } from "../../tools/index.ts";
import { toolKeyName } from "../../access/index.ts";
import { readVaultRow } from "../../vault/index.ts";
import type { Control } from "../control.ts";
import { operation } from "../operation.ts";
import { emptySchema } from "../schemas.ts";

const changedSchema = z.object({
  change: z.string(),
  what: z.string().describe("the tool that was connected, or adopt"),
  isAdoption: z.boolean().describe("undoing it puts provider keys back into files"),
  files: z.array(z.string()),
  problem: z.string().nullable(),
});

export const plan = operation({
  name: "eject.plan",
  summary: "Which files leaving would give back as they were; nothing is changed",
  place: "anywhere",
  withoutHome: true,
  input: emptySchema,
  output: z.object({ changes: z.array(changedSchema), keys: z.number().int(), home: z.string() }),
  async run(control, caller) {
    const changes = await undoableChanges(await control.changesFor(caller));
    return {
      changes: changes.map(changedDocument),
      keys: (await control.connections.keys()).length,
      home: control.home,
    };
  },
});

export const run = operation({
  name: "eject.run",
  summary: "Give files back as they were, the newest change first, and end the virtual keys of tools",
  place: "anywhere",
  withoutHome: true,
  input: z.object({
    realKeys: z.boolean().describe("undo adoptions as well: provider keys stand in files again"),
    force: z.boolean().default(false).describe("also where files were changed since; that is lost then"),
  }),
  output: z.object({
    files: z.array(z.string()),
    problems: z.array(z.object({ message: z.string(), hint: z.string().nullable() })),
    virtualKeys: z.array(z.string()).describe("names of those that are refused from now on"),
    stillAdopted: z.number().int().describe("files that go on holding a virtual key or a reference"),
  }),
  async run(control, caller, { realKeys, force }) {
    if ((await readVaultRow(control.store)) === undefined) return NOTHING;
    return await oneAtATime(control.home, async () => {
      const changes = await control.changesFor(caller);
      await changes.recover();
      const all = await undoableChanges(changes);
      const wanted = all.filter(({ tool }) => realKeys || adoptionOfChange(tool) === undefined);
      const undone = await undoChanges(changes, wanted, { force });
      const revoked = await revokeUnused(caller, { changes, virtualKeys: control.virtualKeys });
      const disabled = await disableToolKeys(control, caller, changes);
      const left = await undoableChanges(changes);
      return {
        files: [...new Set(undone.flatMap(({ change, error }) => (error ? [] : change.paths)))],
        problems: undone.flatMap(({ error }) =>
          error ? [{ message: error.message, hint: error.hint ?? null }] : [],
        ),
        virtualKeys: [...revoked, ...disabled],
        stillAdopted: new Set(left.flatMap(({ paths }) => paths)).size,
      };
    });
  },
});

/** Where no vault was made. */
const NOTHING = { files: [], problems: [], virtualKeys: [], stillAdopted: 0 };

/** Of tools none of whose files is ours any more. Whatever the files of an adoption hold goes on working. */
async function disableToolKeys(
  { virtualKeys }: Control,
  caller: Parameters<Control["changesFor"]>[0],
  changes: Changes,
): Promise<string[]> {
  const left = await changes.list();
  if (left.some(({ tool }) => adoptionOfChange(tool) !== undefined)) return [];
  const still = new Set(left.map(({ tool }) => toolKeyName(tool)));
  const names = new Set(ADAPTERS.map(({ id }) => toolKeyName(id)).filter((name) => !still.has(name)));
  const active = (await virtualKeys.list()).filter(
    ({ name, state }) => names.has(name) && state === "active",
  );
  for (const { id } of active) await virtualKeys.disable(caller, id);
  return active.map(({ name }) => name);
}

function changedDocument({
  id,
  tool,
  paths,
  problem,
}: Awaited<ReturnType<typeof undoableChanges>>[number]): z.output<typeof changedSchema> {
  const isAdoption = adoptionOfChange(tool) !== undefined;
  return {
    change: id,
    what: isAdoption ? "adopt" : tool,
    isAdoption,
    files: [...paths],
    problem: problem ?? null,
  };
}
