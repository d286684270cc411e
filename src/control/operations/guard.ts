import { z } from "zod";
import { CI_SNIPPET, guardStatus, type GuardStatus, installGuard, uninstallGuard } from "../../scan/index.ts";
import { programSource } from "../../service/index.ts";
import { guardedRepositories, noteGuarded } from "../guarded.ts";
import { operation } from "../operation.ts";
import { emptySchema } from "../schemas.ts";

const input = z.object({ folder: z.string().describe("absolute; in a git repository") });

const output = z.object({
  repository: z.string(),
  hooksFolder: z.string(),
  hooksShared: z.boolean().describe("the hooks serve other repositories as well"),
  hooks: z.array(
    z.object({
      hook: z.enum(["pre-commit", "pre-push"]),
      installed: z
        .boolean()
        .describe("the guard is called, by our hook or by the program that writes the hooks"),
      previous: z.string().nullable().describe("the hook that was there before; it is called first"),
    }),
  ),
  manager: z.string().nullable().describe("the program that writes this repository's hooks"),
  snippet: z.string().nullable().describe("what to add for that program by hand"),
  ci: z.string().describe("a job for continuous integration"),
});

export const install = operation({
  name: "guard.install",
  summary: "Refuse commits and pushes that bring keys into a git repository",
  place: "offline",
  mendsSettings: true,
  input,
  output,
  async run({ home }, _caller, { folder }) {
    const guard = installGuard(folder, programPath());
    // Lines that a person has added for a hook manager are not ours to take out.
    const isOurs = guard.manager === undefined && guard.hooks.some(({ installed }) => installed);
    noteGuarded(home, guard.repository, isOurs);
    return documentOf(guard);
  },
});

export const status = operation({
  name: "guard.status",
  summary: "Whether a git repository is guarded",
  place: "offline",
  mendsSettings: true,
  input,
  output,
  async run(_control, _caller, { folder }) {
    return documentOf(guardStatus(folder));
  },
});

export const uninstall = operation({
  name: "guard.uninstall",
  summary: "Take the guard out of a git repository; earlier hooks come back",
  place: "offline",
  mendsSettings: true,
  input,
  output,
  async run({ home }, _caller, { folder }) {
    const guard = uninstallGuard(folder);
    noteGuarded(home, guard.repository, false);
    return documentOf(guard);
  },
});

export const guarded = operation({
  name: "guard.guarded",
  summary: "The repositories that are guarded, as far as they were noted",
  place: "offline",
  mendsSettings: true,
  input: emptySchema,
  output: z.object({ repositories: z.array(z.string()) }),
  run: ({ home }) => Promise.resolve({ repositories: guardedRepositories(home) }),
});

function documentOf(guard: GuardStatus): z.output<typeof output> {
  return {
    ...guard,
    hooks: guard.hooks.map(({ previous, ...hook }) => ({ ...hook, previous: previous ?? null })),
    manager: guard.manager?.name ?? null,
    snippet: guard.manager?.snippet ?? null,
    ci: CI_SNIPPET,
  };
}

/** What runs now: the executable, or the launcher of the package. */
function programPath(): string {
  const source = programSource(Bun.main, process.execPath);
  return source.kind === "executable" ? source.path : source.launcher;
}
