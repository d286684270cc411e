import { homedir } from "node:os";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isVirtualKeyToken } from "../../access/index.ts";
import { writeNamed } from "../../files/index.ts";
import { AppError, systemRandomness } from "../../kernel/index.ts";
import { VERDICTS } from "../../providers/index.ts";
import {
  type Baseline,
  type Finding,
  findingDocument,
  type KeyCheck,
  type KeyToVerify,
  keysToVerify,
  type KnownKeys,
  readBaseline,
  relativeBaseline,
  relativeTo,
  type ScanProgress,
  survey,
  type SurveyFinding,
  type Verification,
  verifyKeys,
  writeBaseline,
} from "../../scan/index.ts";
import { checkWith } from "../found-key-check.ts";
import { refuseMissing } from "../named-paths.ts";
import { operation } from "../operation.ts";

const itemSchema = z.object({
  rule: z.string(),
  title: z.string(),
  severity: z.enum(["critical", "high", "medium", "low", "info"]),
  path: z.string(),
  line: z.number().int().describe("from 1; 0 where there are no lines"),
  column: z.number().int(),
  commit: z.string().optional(),
  masked: z.string().describe("a hint that gives nothing away; empty for wrong settings"),
  fingerprint: z.string().optional(),
  knownKey: z.string().optional().describe("name of the key in the vault"),
  provider: z.string().optional(),
  tool: z.string().optional().describe("whose file it is: cursor, codex, shell, …"),
  readers: z.string().optional().describe("owner, group, everyone or repository"),
  fix: z.string(),
  verification: z
    .object({
      host: z.string().describe("the only one that was asked"),
      verdict: z
        .enum(["untested", ...VERDICTS])
        .exclude(["unreachable"])
        .describe("untested: no answer came"),
      explanation: z.string(),
    })
    .optional()
    .describe("what the key's own provider said, when it was to be asked"),
  group: z.number().int().describe("the same for all places of one key in this document"),
});

/** A host that will be asked, and about how many keys. */
export interface VerifiedHost {
  readonly host: string;
  readonly keys: number;
}

const variables = z.record(z.string(), z.string().optional());

const inputSchema = z.object({
  paths: z.array(z.string()).default([]).describe("absolute; none = the known places of this machine"),
  workingDirectory: z.string(),
  git: z.boolean().default(false).describe("the whole history of the repositories there"),
  staged: z.boolean().default(false).describe("what the next commit would change"),
  pushed: z.string().optional().describe("what git tells a pre-push hook on its standard input"),
  processes: z.boolean().default(false).describe("the environment of the user's own processes"),
  stdin: z.custom<AsyncIterable<Uint8Array>>().optional(),
  baseline: z.string().optional().describe("a file with findings to leave out"),
  writeBaseline: z.string().optional().describe("the file to write what is found to"),
  information: z.boolean().default(false).describe("virtual keys and the like are listed as well"),
  verify: z.boolean().default(false).describe("ask each found key's own provider whether it works"),
  threads: z
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe("how many threads look at files; as many as there are processors, at most 8, unless given"),
  /** Called before anything is sent, with where it will be. */
  onVerify: z.custom<(hosts: readonly VerifiedHost[]) => void>().optional(),
  /** Of the session: variables move tools' folders, and some are wrong settings. */
  environment: variables,
  onProgress: z.custom<(progress: ScanProgress) => void>().optional(),
});

type ScanInput = z.output<typeof inputSchema>;

const outputSchema = z.object({
  items: z.array(itemSchema),
  notices: z.array(z.object({ reason: z.string(), path: z.string(), message: z.string() })),
  streams: z.number().int(),
  sizeBytes: z.number().int(),
  threads: z.number().int().describe("how many looked at files: more than one where that pays"),
  informationOnly: z.number().int().describe("how many were found that need no mending"),
});

export const run = operation({
  name: "scan.run",
  summary: "Find keys and wrong settings; needs no vault, creates nothing, calls nobody unless told to",
  place: "offline",
  mendsSettings: true,
  input: inputSchema,
  output: outputSchema,
  async run(control, _caller, input: ScanInput) {
    // A change is looked at in the time that a commit may take.
    const ofChange = input.staged || input.pushed !== undefined;
    const vault = ofChange ? undefined : await control.vaultKeys?.();
    try {
      const document = await lookedThrough(input, vault?.index, checkWith(control.keyTester));
      if (vault?.problem === undefined) return document;
      const notice = { reason: "vault", path: control.home, message: vault.problem };
      return { ...document, notices: [...document.notices, notice] };
    } finally {
      vault?.index?.close();
    }
  },
});

async function lookedThrough(
  input: ScanInput,
  known: KnownKeys | undefined,
  check: KeyCheck,
): Promise<z.output<typeof outputSchema>> {
  const { paths, workingDirectory, git, staged, pushed, processes, stdin, environment } = input;
  refuseMissing(paths);
  const found = await survey(
    { paths, workingDirectory, git, staged, pushed, environment: processes, stdin },
    {
      machine: { platform: process.platform, home: environment["HOME"] ?? homedir(), env: environment },
      randomness: systemRandomness,
      isVirtualKey: isVirtualKeyToken,
      known,
      baseline: baselineFor(input),
      onProgress: input.onProgress,
      threads: input.threads,
    },
  );
  if (input.writeBaseline !== undefined) saveBaseline(input.writeBaseline, found.findings);
  const verified = input.verify ? await verifiedKeys(input, found.findings, check) : undefined;
  const listed = input.information ? [...found.findings, ...found.information] : found.findings;
  return {
    items: itemsOf(listed, verified),
    notices: found.notices.map(({ reason, path, message }) => ({ reason, path, message })),
    streams: found.streams,
    sizeBytes: found.sizeBytes,
    threads: found.threads,
    informationOnly: found.information.length,
  };
}

async function verifiedKeys(
  { onVerify }: ScanInput,
  findings: readonly Finding[],
  check: KeyCheck,
): Promise<ReadonlyMap<string, Verification>> {
  const keys = await keysToVerify(findings);
  onVerify?.(hostsOf(keys));
  return await verifyKeys(keys, check);
}

function hostsOf(keys: readonly KeyToVerify[]): VerifiedHost[] {
  const byHost = Map.groupBy(keys, ({ host }) => host);
  return [...byHost].map(([host, { length }]) => ({ host, keys: length }));
}

/** The most urgent key first, its places together. */
function itemsOf(
  findings: readonly SurveyFinding[],
  verified?: ReadonlyMap<string, Verification>,
): z.output<typeof itemSchema>[] {
  const numbers = new Map<string, number>();
  return findings.map((finding) => {
    const number = numbers.get(finding.group) ?? numbers.size + 1;
    numbers.set(finding.group, number);
    const verification = finding.rule.startsWith("settings/") ? undefined : verified?.get(finding.group);
    return {
      ...findingDocument(finding),
      ...(verification === undefined ? {} : { verification }),
      ...(finding.tool === undefined ? {} : { tool: finding.tool }),
      ...(finding.provider === undefined ? {} : { provider: finding.provider }),
      group: number,
    };
  });
}

/** Lies in the repository; the git guard goes by it without being told. */
const REPOSITORY_BASELINE = ".ownkey-baseline.json";

function baselineFor(input: ScanInput): Baseline | undefined {
  if (input.baseline !== undefined) return baselineAt(input.baseline);
  const path = join(input.workingDirectory, REPOSITORY_BASELINE);
  const ofChange = input.staged || input.pushed !== undefined;
  return ofChange && existsSync(path) ? baselineAt(path) : undefined;
}

function baselineAt(path: string): Baseline {
  if (!existsSync(path)) {
    throw new AppError("not_found", `there is no baseline at ${path}`, {
      hint: `write one: ownkey scan --write-baseline ${path}`,
    });
  }
  return relativeBaseline(path, readBaseline(readFileSync(path, "utf8")));
}

/** Everybody who works on the repository needs to read it, and it holds no secret. */
const BASELINE_MODE = 0o644;

function saveBaseline(path: string, findings: readonly Finding[]): void {
  const text = writeBaseline(
    findings.map((finding) => relativeTo(path, finding)),
    systemRandomness,
  );
  writeNamed(path, text, BASELINE_MODE);
}
