import { existsSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { smallText } from "../small-text.ts";
import { type HookName, HOOKS } from "./hook-script.ts";
import type { Repository } from "./repository.ts";

/** A program that writes a repository's hooks itself, and would write over ours or be broken by it. */
export interface HookManager {
  readonly name: string;
  /** What to add by hand, and where. */
  readonly snippet: string;
  /** The hooks in which it is told to call the guard. */
  readonly calls: readonly HookName[];
}

interface KnownManager extends Pick<HookManager, "name" | "snippet"> {
  /** Its files, of which one shows that it is used here, from the repository's folder. */
  readonly files: readonly string[];
  /** What shows it otherwise. */
  readonly isUsedIn?: (repository: Repository) => boolean;
  /** Where the lines for a hook stand, if in other files. */
  readonly filesOf?: (hook: HookName, repository: Repository) => readonly string[];
}

const PACKAGE = "package.json";
const HUSKY_4 = [
  ".huskyrc",
  ".huskyrc.json",
  ".huskyrc.js",
  ".huskyrc.yml",
  ".huskyrc.yaml",
  "husky.config.js",
];
const SIMPLE_GIT_HOOKS = [".json", ".cjs", ".js", ".mjs"].flatMap((ending) => [
  `.simple-git-hooks${ending}`,
  `simple-git-hooks${ending}`,
]);

const MANAGERS: readonly KnownManager[] = [
  {
    name: "husky",
    files: [".husky"],
    isUsedIn: ({ hooksFolder }) => hooksFolder.split(sep).includes(".husky"),
    filesOf: (hook) => [`.husky/${hook}`],
    snippet: `In .husky/pre-commit add the line:
  ownkey guard run pre-commit
In .husky/pre-push add the line:
  ownkey guard run pre-push "$@"`,
  },
  {
    name: "husky 4",
    files: HUSKY_4,
    filesOf: () => [...HUSKY_4, PACKAGE],
    isUsedIn: ({ folder }) => /"husky"\s*:\s*\{/.test(smallText(join(folder, PACKAGE)) ?? ""),
    snippet: `Below "husky", "hooks" add:
  "pre-commit": "ownkey guard run pre-commit",
  "pre-push": "ownkey guard run pre-push"`,
  },
  {
    name: "lefthook",
    files: ["lefthook", ".lefthook", ".config/lefthook"].flatMap((name) =>
      ["yml", "yaml", "toml", "json"].map((ending) => `${name}.${ending}`),
    ),
    snippet: `In lefthook.yml add:
  pre-commit:
    commands:
      ownkey:
        run: ownkey guard run pre-commit
  pre-push:
    commands:
      ownkey:
        run: ownkey guard run pre-push {1} {2}
        use_stdin: true`,
  },
  {
    name: "pre-commit",
    files: [".pre-commit-config.yaml", ".pre-commit-config.yml"],
    snippet: `In .pre-commit-config.yaml add below "repos:":
  - repo: local
    hooks:
      - id: ownkey
        name: no keys in commits
        entry: ownkey guard run pre-commit
        language: system
        pass_filenames: false
        always_run: true
        stages: [pre-commit]
      - id: ownkey-push
        name: no keys in pushes
        entry: ownkey guard run pre-push
        language: system
        pass_filenames: false
        always_run: true
        stages: [pre-push]
Then run: pre-commit install --hook-type pre-commit --hook-type pre-push`,
  },
  {
    name: "overcommit",
    files: [".overcommit.yml"],
    snippet: `In .overcommit.yml add:
  PreCommit:
    Ownkey:
      enabled: true
      command: ['ownkey', 'guard', 'run', 'pre-commit']
  PrePush:
    Ownkey:
      enabled: true
      command: ['ownkey', 'guard', 'run', 'pre-push']`,
  },
  {
    name: "simple-git-hooks",
    files: SIMPLE_GIT_HOOKS,
    filesOf: () => [...SIMPLE_GIT_HOOKS, PACKAGE],
    isUsedIn: ({ folder }) => /"simple-git-hooks"\s*:\s*\{/.test(smallText(join(folder, PACKAGE)) ?? ""),
    snippet: `Below "simple-git-hooks" add:
  "pre-commit": "ownkey guard run pre-commit",
  "pre-push": "ownkey guard run pre-push \\"$@\\""`,
  },
];

/** Ours hold the path of a program on this machine, which is none of other people's. */
const OWN_FOLDER: KnownManager = {
  name: "the repository itself, which keeps them (core.hooksPath)",
  files: [],
  isUsedIn: ({ hooksTracked }) => hooksTracked,
  filesOf: (hook, { folder, hooksFolder }) => [join(relative(folder, hooksFolder), hook)],
  snippet: `To the script pre-commit in that folder add the line:
  ownkey guard run pre-commit || exit
To the script pre-push:
  ownkey guard run pre-push "$@" || exit`,
};

/** The manager of the repository's hooks, if it has one. */
export function hookManagerOf(repository: Repository): HookManager | undefined {
  const { folder } = repository;
  const manager = [...MANAGERS, OWN_FOLDER].find(
    ({ files, isUsedIn }) =>
      files.some((file) => existsSync(join(folder, file))) || (isUsedIn?.(repository) ?? false),
  );
  if (!manager) return undefined;
  const { name, snippet, files, filesOf = () => files } = manager;
  return {
    name,
    snippet,
    calls: HOOKS.filter((hook) =>
      filesOf(hook, repository).some((file) => isCalledIn(smallText(join(folder, file)) ?? "", hook)),
    ),
  };
}

/** `ownkey guard run pre-commit`, be it as one text or as a list of words, in a line that is no comment. */
function isCalledIn(text: string, hook: HookName): boolean {
  const call = new RegExp(`\\bownkey${BETWEEN}guard${BETWEEN}run${BETWEEN}${hook}\\b`);
  return text.split("\n").some((line) => !/^\s*(?:#|\/\/)/.test(line) && call.test(line));
}

const BETWEEN = `["',\\s]{1,5}`;

/** For the continuous integration of a repository: exit code 7 fails the job. */
export const CI_SNIPPET = `name: keys
on: [push, pull_request]
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - run: npx --yes ownkey scan . --git`;
