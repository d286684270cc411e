import { expect, test } from "bun:test";
import { isGeneratedFile, isMinified } from "./content.ts";
import {
  type CorpusFile,
  hardNegatives,
  measure,
  positives,
  type Quality,
  randomNamedValues,
} from "./corpus.testing.ts";
import { utf8 } from "../kernel/index.ts";
import { ruleIdsIn } from "./scan.testing.ts";

function find({ path, content }: CorpusFile): string[] {
  return ruleIdsIn(content, { namesTell: !isGeneratedFile(path) && !isMinified(path, utf8(content)) });
}

function print(name: string, { precision, recall }: Quality): void {
  process.stdout.write(`${name}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}\n`);
}

test("of every format every secret is found, and among look-alikes nothing", () => {
  const quality = measure([...positives(), ...hardNegatives()], find);
  print("corpus", quality);
  expect(quality.wrong).toEqual([]);
  expect(quality.missed).toEqual([]);
});

test("of random values that only their name gives away hardly any is missed", () => {
  const quality = measure(randomNamedValues(2000), find);
  print("random values without a mark", quality);
  expect(quality.wrong).toEqual([]);
  expect(quality.recall).toBeGreaterThanOrEqual(0.99);
});
