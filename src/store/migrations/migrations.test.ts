import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { MIGRATIONS } from "./index.ts";

test("the steps are numbered from 1 without gaps", () => {
  expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, index) => index + 1));
});

test("every step file is listed, under its own number and name", () => {
  const files = readdirSync(import.meta.dir)
    .filter((file) => /^\d/.test(file))
    .sort();
  const listed = MIGRATIONS.map(({ version, name }) => `${String(version).padStart(3, "0")}-${name}.ts`);
  expect(files).toEqual(listed);
});
