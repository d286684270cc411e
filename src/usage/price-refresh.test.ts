import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { bundledPrices } from "./bundled-prices.ts";
import { loadPrices } from "./kept-prices.ts";
import { createPriceBook } from "./price-book.ts";
import type { PriceSnapshot } from "./price-data.ts";
import type { PriceFile } from "./price-file.ts";
import { refreshPrices } from "./price-refresh.ts";
import { AppError, UNKNOWN_USAGE } from "../kernel/index.ts";

const bundled = bundledPrices();

function memoryFile(): PriceFile & { text: string | undefined } {
  const file: PriceFile & { text: string | undefined } = {
    text: undefined,
    read: () => file.text,
    write: (text) => {
      file.text = text;
    },
  };
  return file;
}

function refresh(data: unknown, changes: Partial<Parameters<typeof refreshPrices>[0]> = {}): PriceSnapshot {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return refreshPrices({
    text,
    source: "data.json",
    current: bundled,
    file: memoryFile(),
    acceptChanges: false,
    ...changes,
  });
}

const openai = (prices: object) => [
  { id: "openai", models: [{ id: "gpt-5", match: { equals: "gpt-5" }, prices }] },
];

test("newer data is kept, loaded again and priced by", async () => {
  const file = memoryFile();
  const data = openai({ input_mtok: 2, output_mtok: 20 });
  const snapshot = refresh(data, { file });
  expect(snapshot.version).toMatch(/^genai-prices [0-9a-f]{12}$/);
  const loaded = await loadPrices(file, bundled, () => expect.unreachable());
  expect(loaded).toEqual(snapshot);
  const book = createPriceBook({ snapshot: loaded });
  const input = {
    provider: "openai",
    preset: null,
    connectionId: "c",
    model: "gpt-5",
    atMs: 0,
    serviceTier: null,
    geo: null,
    batch: false,
  } as const;
  expect(book.cost({ ...input, usage: { ...UNKNOWN_USAGE, inputUncached: 10, output: 1 } })).toBe(40_000n);
});

test("the data that comes with Ownkey is in this form itself", () => {
  expect(refresh(bundled.lists).lists).toHaveLength(bundled.lists.length);
});

test("a price finer than money is rounded up, never down", () => {
  const snapshot = refresh(openai({ input_mtok: 1.2500000001, output_mtok: 10 }));
  const book = createPriceBook({ snapshot });
  const model = { provider: "openai", preset: null, connectionId: "c", model: "gpt-5", atMs: 0 } as const;
  const found = book.look(model);
  expect("tables" in found && found.tables[0]?.[0]?.rates.input).toBe(1_250_000_001n);
});

test("a price that changes more than tenfold asks first, in either direction, and nothing is kept", () => {
  for (const input_mtok of [12.6, 0.12, 0]) {
    const file = memoryFile();
    const data = openai({ input_mtok, output_mtok: 10 });
    try {
      refresh(data, { file });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: "confirmation_needed",
        details: { models: ["openai/gpt-5 input_mtok"] },
      });
    }
    expect(file.text).toBeUndefined();
    refresh(data, { file, acceptChanges: true });
    expect(file.text).toBeDefined();
  }
});

test.each([
  ["no JSON", "{"],
  ["no list", {}],
  ["an empty list", []],
  ["a negative price", openai({ input_mtok: -1 })],
  ["an absurd price", openai({ input_mtok: 1e9 })],
  ["a text for a price", openai({ input_mtok: "1" })],
  ["an unknown condition", openai([{ constraint: { type: "moon" }, prices: {} }] as object)],
])("%s is refused, also when changes are accepted", (_name, data) => {
  const file = memoryFile();
  expect(() => refresh(data, { file, acceptChanges: true })).toThrow(/this is not price data/);
  expect(file.text).toBeUndefined();
});

test("kept data that has been damaged is told of, and the bundled data is used", async () => {
  const errors: unknown[] = [];
  for (const text of ["", "{", "[]", '{"source":"x","data":[]}']) {
    const file = { ...memoryFile(), read: () => text };
    expect(await loadPrices(file, bundled, (error) => errors.push(error))).toBe(bundled);
  }
  expect(errors).toHaveLength(4);
});

test("without kept data the bundled data is used", async () => {
  expect(await loadPrices(memoryFile(), bundled, () => expect.unreachable())).toBe(bundled);
});

test("any JSON is taken or refused, never crashed on", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (data) => {
      try {
        refresh(data);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
  );
});
