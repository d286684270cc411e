import { existsSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { Repository } from "./repository.ts";

/** A program that writes a repository's hooks itself, and would write over ours or be broken by it. */
export interface HookManager {
  readonly name: string;
  /** What to add by hand, and where. */
  readonly snippet: string;
}

interface KnownManager extends HookManager {
  readonly isUsedIn: (repository: Repository) => boolean;
}

const withFile =
  (...names: readonly string[]) =>
  ({ folder }: Repository) =>
    names.some((name) => existsSync(join(folder, name)));

const MANAGERS: readonly KnownManager[] = [
  {
    name: "husky",
    isUsedIn: (repository) =>
      existsSync(join(repository.folder, ".husky")) || repository.hooksFolder.split(sep).includes(".husky"),
    snippet: `In .husky/pre-commit add the line:
  ownkey guard run pre-commit
In .husky/pre-push add the line:
  ownkey guard run pre-push "$@"`,
  },
  {
    name: "lefthook",
    isUsedIn: withFile("lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".lefthook.yaml", "lefthook.toml"),
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
    isUsedIn: withFile(".pre-commit-config.yaml", ".pre-commit-config.yml"),
    snippet: `In .pre-commit-config.yaml add below "repos:":
  - repo: local
    hooks:
      - id: ownkey
        name: no keys in commits
        entry: ownkey guard run pre-commit
        language: system
        pass_filenames: false
        always_run: true`,
  },
  {
    name: "simple-git-hooks",
    isUsedIn: ({ folder }) =>
      withFile(
        ".simple-git-hooks.json",
        ".simple-git-hooks.cjs",
        ".simple-git-hooks.js",
      )({ folder } as Repository) || textOf(join(folder, "package.json")).includes('"simple-git-hooks"'),
    snippet: `Below "simple-git-hooks" add:
  "pre-commit": "ownkey guard run pre-commit",
  "pre-push": "ownkey guard run pre-push \\"$@\\""`,
  },
];

/** The manager of the repository's hooks, if it has one. */
export function hookManagerOf(repository: Repository): HookManager | undefined {
  return MANAGERS.find((manager) => manager.isUsedIn(repository));
}

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

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
