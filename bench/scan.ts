// The scanner on a generated source tree, beside grep with the same patterns in the same run: megabytes a second of one
// core, small files with flat memory, the history of a repository, and what a commit hook costs besides git itself.
// `--files N` for another size of the tree; the default keeps the whole run under a minute. secretlint and ripgrep are
// measured when they are there; `--rivals FOLDER` for where `npm install secretlint
// @secretlint/secretlint-rule-preset-recommend` has put them: FOLDER/node_modules/.bin.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandomness } from "../src/kernel/index.ts";
import {
  historySource,
  pathsSource,
  RULES,
  scan,
  type Source,
  stagedSource,
  streamOf,
} from "../src/scan/index.ts";
import { mebi, median, table } from "./support/numbers.ts";
import { fastImport, sourceText, writeTree } from "./support/source-tree.ts";
import { numberOption, textOption } from "./support/options.ts";

const rivals = textOption("--rivals", "") || undefined;
const files = numberOption("--files", 3_000);
const env = { PATH: process.env["PATH"], HOME: tmpdir(), LC_ALL: "C", GIT_CONFIG_NOSYSTEM: "1" };
const root = mkdtempSync(join(tmpdir(), "ownkey-bench-scan-"));
try {
  await engine();
  await tree();
  await smallFiles();
  await history();
  await hook();
} finally {
  rmSync(root, { recursive: true, force: true });
}

interface Outcome {
  findings: number;
  sizeBytes: number;
  streams: number;
  /** Processor time of all threads: what one core would have needed. */
  cpuMs: number;
  wallMs: number;
  residentMost: number;
}

async function measure(source: Source): Promise<Outcome> {
  const outcome = { findings: 0, sizeBytes: 0, streams: 0, cpuMs: 0, wallMs: 0, residentMost: 0 };
  const cpu = process.cpuUsage();
  const started = performance.now();
  const onProgress = (progress: { sizeBytes: number; streams: number }) => {
    outcome.sizeBytes = progress.sizeBytes;
    outcome.streams = progress.streams;
    if (progress.streams % 1000 === 0)
      outcome.residentMost = Math.max(outcome.residentMost, process.memoryUsage.rss());
  };
  for await (const event of scan({ sources: [source], randomness: systemRandomness, onProgress })) {
    if (event.type === "finding") outcome.findings++;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { ...outcome, cpuMs: (user + system) / 1000, wallMs: performance.now() - started };
}

function perSecond(sizeBytes: number, ms: number): string {
  return `${(sizeBytes / 1000 / ms).toFixed(0)} MB/s`;
}

/** From memory, and again when the rules have been compiled: what the rules alone cost. */
async function engine(): Promise<void> {
  const contents = Array.from({ length: 800 }, (_, at) => Buffer.from(sourceText(40_000, at)));
  const source: Source = {
    name: "memory",
    async *items() {
      for (const [at, content] of contents.entries())
        yield streamOf({ kind: "file", path: `${at}.ts` }, content);
    },
  };
  const rates: number[] = [];
  for (let round = 0; round < 6; round++) {
    const { sizeBytes, cpuMs } = await measure(source);
    rates.push(sizeBytes / 1000 / cpuMs);
  }
  console.log(
    `engine, ${RULES.length} rules, from memory: first ${rates[0]?.toFixed(0)} MB/s, then ${median(rates.slice(2)).toFixed(0)} MB/s of one core`,
  );
}

async function tree(): Promise<void> {
  const folder = join(root, "tree");
  const keys = writeTree(folder, { files, fileBytes: 20_000, keyEvery: 100 });
  await measure(pathsSource({ paths: [folder] }));
  const own = await measure(pathsSource({ paths: [folder] }));
  const marked = RULES.filter((rule) => rule.kind === "marked");
  const marks = marked.flatMap((rule) => rule.marks.map((mark) => mark.replaceAll(".", String.raw`\.`)));
  const rows = [
    ["", "found", "processor", "rate", "times ours"],
    [
      "ownkey, all rules",
      `${own.findings} of ${keys}`,
      `${own.cpuMs.toFixed(0)} ms`,
      perSecond(own.sizeBytes, own.cpuMs),
      "1.0",
    ],
  ];
  const others: [string, string[]][] = [
    ["grep -E, marks only", ["grep", "-rEo", `(${marks.join("|")})[A-Za-z0-9_-]{16,}`, folder]],
    [
      "grep -P, marked rules",
      ["grep", "-rPo", `\\b(?:${marked.map(({ pattern }) => pattern.source).join("|")})`, folder],
    ],
    ["ripgrep, marks only", ["rg", "-uuu", "-j1", "-o", `(${marks.join("|")})[A-Za-z0-9_-]{16,}`, folder]],
  ];
  for (const [name, command] of others) {
    const ran = Bun.which(command[0] ?? "") === null ? undefined : Bun.spawnSync(command, { env });
    if (!ran?.success) {
      rows.push([name, "not there", "", "", ""]);
      continue;
    }
    const cpuMs = Number(ran.resourceUsage.cpuTime.total) / 1000;
    const found = ran.stdout.toString().trim().split("\n").length;
    const ratio = (cpuMs / own.cpuMs).toFixed(1);
    rows.push([
      name,
      `${found} of ${keys}`,
      `${cpuMs.toFixed(0)} ms`,
      perSecond(own.sizeBytes, cpuMs),
      ratio,
    ]);
  }
  rows.push(secretlintRow(own.cpuMs / own.sizeBytes));
  console.log(`\ntree of ${files} files, ${mebi(own.sizeBytes)}\n${table(rows)}`);
}

/** With its recommended rules, on a small tree: on the large one it would take many minutes. */
function secretlintRow(ownMsPerByte: number): string[] {
  const name = "secretlint, on 2 MB";
  const folder = join(root, "few");
  const fileBytes = 20_000;
  const count = 100;
  const keys = writeTree(folder, { files: count, fileBytes, keyEvery: 10 });
  const program = Bun.which("secretlint", { PATH: `${rivals ?? ""}:${env.PATH ?? ""}` });
  if (program === null) return [name, "not there", "", "", ""];
  const rules = JSON.stringify({ rules: [{ id: "@secretlint/secretlint-rule-preset-recommend" }] });
  const ran = Bun.spawnSync([program, "--secretlintrcJSON", rules, "--format", "json", `${folder}/**/*`], {
    env,
    ...(rivals === undefined ? {} : { cwd: rivals }),
  });
  const found = ran.stdout.toString().split('"ruleId"').length - 1;
  const cpuMs = Number(ran.resourceUsage.cpuTime.total) / 1000;
  const sizeBytes = count * fileBytes;
  const ratio = (cpuMs / sizeBytes / ownMsPerByte).toFixed(1);
  return [name, `${found} of ${keys}`, `${cpuMs.toFixed(0)} ms`, perSecond(sizeBytes, cpuMs), ratio];
}

async function smallFiles(): Promise<void> {
  const folder = join(root, "small");
  const count = files * 5;
  writeTree(folder, { files: count, fileBytes: 400, keyEvery: 1000 });
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  const { streams, wallMs, cpuMs, residentMost } = await measure(pathsSource({ paths: [folder] }));
  const each = ((cpuMs * 1000) / streams).toFixed(0);
  console.log(
    `\n${streams} small files: ${wallMs.toFixed(0)} ms, ${each} µs of processor each; memory ${mebi(before)} before, ${mebi(residentMost)} at most`,
  );
}

async function history(): Promise<void> {
  const folder = join(root, "history");
  const commits = files;
  git(folder, ["init", "-q", "."]);
  git(folder, ["fast-import", "--quiet"], fastImport(commits, 3000, 100));
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  const { findings, sizeBytes, wallMs, residentMost } = await measure(historySource({ folder, env }));
  console.log(
    `\nhistory of ${commits} commits, ${mebi(sizeBytes)}: ${findings} of ${Math.floor(commits / 100)} keys, ${wallMs.toFixed(0)} ms; memory ${mebi(before)} before, ${mebi(residentMost)} at most`,
  );
}

async function hook(): Promise<void> {
  const folder = join(root, "hook");
  git(folder, ["init", "-q", "."]);
  writeTree(folder, { files: 20, fileBytes: 8_000, keyEvery: 50 });
  git(folder, ["add", "-A"]);
  const whole: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round < 12; round++) {
    whole.push((await measure(stagedSource({ folder, env }))).wallMs);
    const started = performance.now();
    for (const args of [
      ["diff", "--cached", "--raw"],
      ["cat-file", "--batch"],
      ["diff", "--cached", "-U0"],
    ])
      git(folder, args);
    alone.push(performance.now() - started);
  }
  console.log(
    `\nhook over 20 staged files: first ${whole[0]?.toFixed(0)} ms, then ${median(whole).toFixed(0)} ms, of which git alone ${median(alone).toFixed(0)} ms`,
  );
}

function git(folder: string, args: readonly string[], input = ""): void {
  mkdirSync(folder, { recursive: true });
  const { success, stderr } = Bun.spawnSync(["git", "-C", folder, ...args], {
    env,
    stdin: Buffer.from(input),
  });
  if (!success) throw new Error(stderr.toString());
}
