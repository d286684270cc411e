// The scanner on a generated source tree, beside ripgrep and grep with the same patterns in the same run: megabytes a
// second of one core's time, by the clock on one core and on all, small files with flat memory, the history of a
// repository, and what a commit hook costs besides git itself. `--files N` for another size of the tree, `--commits N` of the history; the
// default keeps the whole run under a minute. `--program dist/ownkey` measures that as well, from its start to its end.
// secretlint and ripgrep are measured when they are there; `--rivals FOLDER` for where `npm install secretlint
// @secretlint/secretlint-rule-preset-recommend` has put them: FOLDER/node_modules/.bin.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemRandomness } from "../src/kernel/index.ts";
import { historySource, pathsSource, scan, type Source, stagedSource, streamOf } from "../src/scan/index.ts";
import { RULES } from "../src/scan/rules.ts";
import { scanThreads } from "../src/scan/threads/scan-threads.ts";
import { mebi, median, table } from "./support/numbers.ts";
import { fastImport, sourceText, writeTree } from "./support/source-tree.ts";
import { numberOption, textOption } from "./support/options.ts";

const rivals = textOption("--rivals", "") || undefined;
const program = textOption("--program", "");
const files = numberOption("--files", 3_000);
const commits = numberOption("--commits", files);
const cores = availableParallelism();
/** Of each measurement; the best one counts, as all that other programs do on the machine only adds to it. */
const ROUNDS = 7;
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

async function measure(source: Source, threads = 1): Promise<Outcome> {
  const outcome = { findings: 0, sizeBytes: 0, streams: 0, cpuMs: 0, wallMs: 0, residentMost: 0 };
  const cpu = process.cpuUsage();
  const started = performance.now();
  const onProgress = (progress: { sizeBytes: number; streams: number }) => {
    outcome.sizeBytes = progress.sizeBytes;
    outcome.streams = progress.streams;
    if (progress.streams % 1000 === 0)
      outcome.residentMost = Math.max(outcome.residentMost, process.memoryUsage.rss());
  };
  const more = scanThreads(threads);
  const options = { sources: [source], randomness: systemRandomness, onProgress };
  for await (const event of scan({ ...options, ...(more ? { threads: { ...more, afterBytes: 0 } } : {}) })) {
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

/** One look at the tree. */
interface Run {
  readonly found: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Whoever looks at the tree; `undefined` when it is not there, or cannot. */
interface Contestant {
  readonly name: string;
  readonly manyThreads: boolean;
  run(threads: number): Promise<Run | undefined>;
}

/** The best of its rounds. */
interface Result extends Run {
  readonly allWallMs: number | undefined;
}

async function tree(): Promise<void> {
  const folder = join(root, "tree");
  const keys = writeTree(folder, { files, fileBytes: 20_000, keyEvery: 100 });
  const { sizeBytes } = await measure(pathsSource({ paths: [folder] }));
  const all = contestants(folder);
  const results = await inTurns(all);
  const ownCpuMs = results[0]?.cpuMs ?? 0;
  const rows = all.map(({ name }, at) => {
    const result = results[at];
    if (!result) return [name, "not there", "", "", "", ""];
    const { found, cpuMs, wallMs, allWallMs } = result;
    const rates = [cpuMs, wallMs, allWallMs].map((ms) => (ms === undefined ? "" : perSecond(sizeBytes, ms)));
    return [name, `${found} of ${keys}`, ...rates, (cpuMs / ownCpuMs).toFixed(1)];
  });
  const heading = ["", "found", "per core", "one thread", `${cores} threads`, "times ours"];
  console.log(
    `\ntree of ${files} files, ${mebi(sizeBytes)}, best of ${ROUNDS} rounds\n${table([heading, ...rows, secretlintRow(ownCpuMs / sizeBytes)])}`,
  );
}

/** Round by round, so that all of them have the machine as it is at a time. */
async function inTurns(all: readonly Contestant[]): Promise<(Result | undefined)[]> {
  const runs = all.map(() => ({ one: [] as Run[], many: [] as Run[] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, contestant] of all.entries()) {
      const one = await contestant.run(1);
      const many = contestant.manyThreads && cores > 1 ? await contestant.run(cores) : undefined;
      if (one) runs[at]?.one.push(one);
      if (many) runs[at]?.many.push(many);
    }
  }
  return runs.map(({ one, many }) => {
    const [first] = one;
    return (
      first && {
        found: first.found,
        cpuMs: Math.min(...one.map(({ cpuMs }) => cpuMs)),
        wallMs: Math.min(...one.map(({ wallMs }) => wallMs)),
        allWallMs: many.length === 0 ? undefined : Math.min(...many.map(({ wallMs }) => wallMs)),
      }
    );
  });
}

/** This scanner first. Of the others' patterns, those of the marked rules are ours; nobody else has the other rules. */
function contestants(folder: string): Contestant[] {
  const marked = RULES.filter((rule) => rule.kind === "marked");
  const marks = marked.flatMap((rule) => rule.marks.map((mark) => mark.replaceAll(".", String.raw`\.`)));
  const marksOnly = `(${marks.join("|")})[A-Za-z0-9_-]{16,}`;
  const whole = String.raw`\b(?:${marked.map(({ pattern }) => pattern.source).join("|")})`;
  // ripgrep's own engine has no look-around, and is faster than the one that has.
  const plain = whole.replaceAll(/\(\?[=!](?:[^()]|\([^()]*\))*\)/g, "");
  const ripgrep = (name: string, ...rest: string[]): Contestant => ({
    name,
    manyThreads: true,
    run: async (threads) => timed(["rg", "-uuu", `-j${threads}`, "-o", ...rest, folder]),
  });
  const grep = (name: string, ...rest: string[]): Contestant => ({
    name,
    manyThreads: false,
    run: async () => timed(["grep", ...rest, folder]),
  });
  const own: Contestant = {
    name: "ownkey, all rules",
    manyThreads: true,
    async run(threads) {
      const { findings, cpuMs, wallMs } = await measure(pathsSource({ paths: [folder] }), threads);
      return { found: findings, cpuMs, wallMs };
    },
  };
  const fromStart: Contestant = {
    name: "ownkey, start to end",
    manyThreads: true,
    run: async (threads) =>
      timed([resolve(program), "scan", folder, "--json", "--threads", `${threads}`], {
        exitCode: 7,
        perFinding: '"masked"',
      }),
  };
  return [
    own,
    ...(program === "" ? [] : [fromStart]),
    ripgrep("ripgrep, marks only", marksOnly),
    ripgrep("ripgrep, marked rules", plain),
    ripgrep("ripgrep -P, marked rules", "-P", whole),
    grep("grep -E, marks only", "-rEo", marksOnly),
    grep("grep -P, marked rules", "-rPo", whole),
  ];
}

interface TimedOptions {
  readonly exitCode?: number;
  /** What stands in the output once for each finding. */
  readonly perFinding?: string;
  readonly cwd?: string;
}

/** `undefined` when the program is not there, or ends otherwise than it should. */
function timed(
  command: string[],
  { exitCode = 0, perFinding = "\n", cwd = root }: TimedOptions = {},
): Run | undefined {
  if (Bun.which(command[0] ?? "") === null) return undefined;
  const started = performance.now();
  const ran = Bun.spawnSync(command, { cwd, env: { ...env, OWNKEY_HOME: join(root, "home") } });
  const wallMs = performance.now() - started;
  if (ran.exitCode !== exitCode) return undefined;
  const found = ran.stdout.toString().split(perFinding).length - 1;
  return { found, wallMs, cpuMs: Number(ran.resourceUsage.cpuTime.total) / 1000 };
}

/** With its recommended rules, on a small tree: on the large one it would take many minutes. */
function secretlintRow(ownMsPerByte: number): string[] {
  const name = "secretlint, on 2 MB";
  const folder = join(root, "few");
  const fileBytes = 20_000;
  const count = 100;
  const keys = writeTree(folder, { files: count, fileBytes, keyEvery: 10 });
  const linter = Bun.which("secretlint", { PATH: `${rivals ?? ""}:${env.PATH ?? ""}` });
  if (linter === null) return [name, "not there", "", "", "", ""];
  const rules = JSON.stringify({ rules: [{ id: "@secretlint/secretlint-rule-preset-recommend" }] });
  const started = performance.now();
  const linted = Bun.spawnSync([linter, "--secretlintrcJSON", rules, "--format", "json", `${folder}/**/*`], {
    env,
    ...(rivals === undefined ? {} : { cwd: rivals }),
  });
  const wallMs = performance.now() - started;
  const found = linted.stdout.toString().split('"ruleId"').length - 1;
  const cpuMs = Number(linted.resourceUsage.cpuTime.total) / 1000;
  const sizeBytes = count * fileBytes;
  const ratio = (cpuMs / sizeBytes / ownMsPerByte).toFixed(1);
  return [name, `${found} of ${keys}`, perSecond(sizeBytes, cpuMs), perSecond(sizeBytes, wallMs), "", ratio];
}

async function smallFiles(): Promise<void> {
  const folder = join(root, "small");
  const count = files * 5;
  writeTree(folder, { files: count, fileBytes: 400, keyEvery: 1000 });
  for (const threads of cores > 1 ? [1, cores] : [1]) {
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    const { streams, wallMs, cpuMs, residentMost } = await measure(pathsSource({ paths: [folder] }), threads);
    const each = ((cpuMs * 1000) / streams).toFixed(0);
    console.log(
      `\n${streams} small files, ${threads} ${threads === 1 ? "thread" : "threads"}: ${wallMs.toFixed(0)} ms, ${each} µs of processor each; memory ${mebi(before)} before, ${mebi(residentMost)} at most`,
    );
  }
}

async function history(): Promise<void> {
  const folder = join(root, "history");
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
  writeTree(folder, { files: 21, fileBytes: 8_000, keyEvery: 50 });
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
    `\nhook over 21 staged files, one with a key: first ${whole[0]?.toFixed(0)} ms, then ${median(whole).toFixed(0)} ms, of which git alone ${median(alone).toFixed(0)} ms`,
  );
  if (program !== "") wholeHook(folder);
}

/** As git runs it before each commit, nearly all of which hold no key. */
function wholeHook(folder: string): void {
  git(folder, ["rm", "-q", "--cached", "d0/e0/file0.ts"]);
  const command = [resolve(program), "guard", "run", "pre-commit"];
  const runs = Array.from({ length: 25 }, () => timed(command, { cwd: folder })?.wallMs ?? Number.NaN);
  console.log(
    `hook over 20 staged files without a key, start and end of the program included: ${median(runs).toFixed(0)} ms, at most ${Math.max(...runs).toFixed(0)} ms`,
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
