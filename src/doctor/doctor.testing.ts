// What the tests of this room share: a machine and a home in which everything is as it should be.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection, ProviderKey, TestResult } from "../connections/index.ts";
import { AppError, Secret } from "../kernel/index.ts";
import type { CheckResult } from "./check.ts";
import type { HomeContext } from "./home-context.ts";
import type { MachineContext } from "./machine-context.ts";
import type { Reach } from "./network.ts";

export const NOW_MS = Date.UTC(2026, 10, 24);
export const DAY_MS = 86_400_000;

export const clock = { nowMs: () => NOW_MS, monotonicMs: () => NOW_MS };

/** A folder of its own, gone at the end of the test. */
export function temporaryHome(): { readonly home: string } & Disposable {
  const home = mkdtempSync(join(tmpdir(), "ownkey-doctor-"));
  return { home, [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }) };
}

export function machineOf(changes: Partial<MachineContext> = {}): MachineContext {
  return {
    home: "/nowhere/ownkey",
    userHome: "/nowhere",
    platform: "linux",
    userId: process.getuid?.(),
    version: "1.0.0",
    clock,
    environment: {},
    setting: () => null,
    settingProblems: [],
    program: { told: undefined, placeTaken: false, answers: false },
    keychain: undefined,
    freeBytes: () => 1e12,
    listens: () => Promise.resolve(false),
    holder: () => Promise.resolve("another program"),
    fetch: () => Promise.resolve({ status: 200, body: "{}" }),
    run: () => Promise.resolve({ exitCode: 1, stdout: "", stderr: "" }),
    ...changes,
  };
}

export const RUNNING = {
  told: { url: "http://127.0.0.1:7788", ui: "http://127.0.0.1:7789", pid: 1, version: "1.0.0", socket: "/s" },
  placeTaken: true,
  answers: true,
} as const;

export function connectionOf(changes: Partial<Connection> = {}): Connection {
  return {
    id: "conn_1",
    name: "openai",
    provider: "openai",
    preset: null,
    settings: { baseUrl: "https://api.openai.com" },
    createdAtMs: NOW_MS,
    ...changes,
  };
}

export function keyOf(changes: Partial<ProviderKey> = {}): ProviderKey {
  return {
    id: "key_1",
    connectionId: "conn_1",
    name: "main",
    kind: "inference",
    fingerprint: "fp_0",
    state: "active",
    version: 1,
    class: null,
    owner: null,
    purpose: null,
    createdAtMs: NOW_MS,
    expiresAtMs: null,
    verdict: "untested",
    verdictAtMs: null,
    lastUsedAtMs: null,
    ...changes,
  };
}

export interface HomeParts {
  readonly connections?: readonly Connection[];
  readonly keys?: readonly ProviderKey[];
  readonly value?: string;
  /** Answers of the provider, one for each call. */
  readonly tests?: readonly Partial<TestResult>[];
  readonly reach?: Partial<Reach>;
  readonly models?: readonly string[];
  readonly locked?: boolean;
  readonly slots?: readonly string[];
  readonly damaged?: readonly string[];
  readonly damagedVirtualKey?: boolean;
  readonly budgets?: HomeContext["budgets"];
  readonly home?: string;
}

/** A home of canned parts; `verdicts` collects what was recorded. */
export function homeOf(parts: HomeParts = {}): HomeContext & { readonly verdicts: string[] } {
  const { connections = [connectionOf()], keys = [keyOf()] } = parts;
  const tests = [...(parts.tests ?? [])];
  const verdicts: string[] = [];
  const context = {
    verdicts,
    home: parts.home ?? "/nowhere/ownkey",
    clock,
    caller: { kind: "cli", user: "ada" },
    store: {},
    audit: {},
    vault: {
      locked: parts.locked ?? false,
      slots: () => Promise.resolve((parts.slots ?? ["recovery_code"]).map((kind) => ({ kind }))),
    },
    connections: {
      list: () => Promise.resolve(connections),
      keys: () => Promise.resolve(keys),
      intact: () => Promise.resolve({ damaged: parts.damaged ?? [] }),
      borrow: () => Promise.resolve(new Secret(parts.value ?? "value")),
      recordVerdict: (_caller: unknown, _id: string, verdict: string) =>
        Promise.resolve(void verdicts.push(verdict)),
    },
    virtualKeys: {
      page: () =>
        parts.damagedVirtualKey
          ? Promise.reject(new AppError("corrupt", "the virtual key vk_9 was changed"))
          : Promise.resolve([]),
    },
    keyTester: {
      test: () =>
        Promise.resolve({
          verdict: "ok",
          explanation: "explained",
          proves: "The key is known.",
          curl: "",
          durationMs: 1,
          ...tests.shift(),
        }),
    },
    ledgers: {
      list: () => [],
      async *totals() {
        for (const key of parts.models ?? []) yield await Promise.resolve({ key });
      },
    },
    network: { reach: () => Promise.resolve({ step: "answered", durationMs: 5, ...parts.reach }) },
    budgets: parts.budgets,
  };
  return context as unknown as HomeContext & { readonly verdicts: string[] };
}

export async function resultOf(check: { run(): CheckResult | Promise<CheckResult> }): Promise<CheckResult> {
  return await check.run();
}
