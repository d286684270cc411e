import { describe, expect, test } from "bun:test";
import { isJsonObject, type Json, type JsonObject, objectAt, stringAt } from "../kernel/index.ts";
import { openApiDocument } from "./openapi.ts";
import { isRemote } from "./operation.ts";
import { OPERATIONS as TABLE } from "./operations.ts";

const OPERATIONS = await TABLE.all();
const document = JSON.parse(JSON.stringify(openApiDocument(OPERATIONS))) as JsonObject;
const paths = objectAt(document, "paths") ?? {};

/** Every object in it, with the way there. */
function* objects(value: Json, way: readonly string[] = []): Generator<[JsonObject, readonly string[]]> {
  if (isJsonObject(value)) yield [value, way];
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) yield* objects(member, [...way, name]);
}

test("has the fixed fields of OpenAPI 3.1", () => {
  expect(document["openapi"]).toMatch(/^3\.1\.\d$/);
  expect(objectAt(document, "info")).toEqual({ title: expect.any(String), version: expect.any(String) });
});

test("has one path for each operation that is served, and none for what stays in its own process", () => {
  const served = OPERATIONS.filter(isRemote).map(({ name }) => `/api/${name}`);
  expect(Object.keys(paths).toSorted()).toEqual(served.toSorted());
  expect(paths).not.toHaveProperty(["/api/keys.reveal"]);
});

describe("each operation", () => {
  test.each(Object.entries(paths))("%s: id, summary, schemas and answers", (path, item) => {
    const post = objectAt(item, "post");
    expect(`/api/${stringAt(post, "operationId")}`).toBe(path);
    expect(stringAt(post, "summary")).toMatch(/^[A-Z].{5,}/);
    const schemaIn = (place: unknown) =>
      objectAt(objectAt(objectAt(place, "content"), "application/json"), "schema");
    expect(schemaIn(objectAt(post, "requestBody"))).toMatchObject({ type: "object" });
    const responses = objectAt(post, "responses");
    expect(schemaIn(objectAt(responses, "200"))).toMatchObject({ type: "object" });
    expect(schemaIn(objectAt(responses, "default"))).toEqual({ $ref: "#/components/schemas/Error" });
    for (const response of Object.values(responses ?? {}))
      expect(stringAt(response, "description")).toBeTruthy();
  });
});

test("every reference leads somewhere in the document", () => {
  for (const [object, way] of objects(document)) {
    const target = stringAt(object, "$ref");
    if (target === undefined) continue;
    expect(target).toStartWith("#/");
    const found = target
      .slice(2)
      .split("/")
      .reduce<Json | undefined>((at, name) => (isJsonObject(at) ? at[name] : undefined), document);
    expect(found, way.join(".")).toBeDefined();
  }
});

test("required members are declared", () => {
  for (const [object, way] of objects(document)) {
    const { required, properties } = object;
    if (!Array.isArray(required) || !isJsonObject(properties)) continue;
    for (const name of required) expect(Object.keys(properties), way.join(".")).toContain(name as string);
  }
});

describe("operations as declared", () => {
  test("names are noun.verb, and each is there once", () => {
    const names = OPERATIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+\.[a-zA-Z]+$/);
  });

  test("each is found by its name, and nothing else is", async () => {
    for (const operation of OPERATIONS) expect(await TABLE.find(operation.name)).toBe(operation);
    for (const name of [
      "",
      "keys",
      "keys.",
      "keys.nothing",
      "nothing.list",
      "constructor.name",
      "__proto__.x",
    ])
      expect(await TABLE.find(name)).toBeUndefined();
  });

  test("a provider key or a recovery code leaves no process, and a virtual key only where it is made", () => {
    for (const { name, output, place } of OPERATIONS) {
      const members = Object.keys("shape" in output ? (output.shape as object) : {});
      if (members.includes("value") && !name.startsWith("config.")) expect(place).toBe("own-process");
      if (members.includes("recoveryCode")) expect(place).toBe("own-process");
      if (members.includes("key")) expect(["vk.create", "vk.reissue"]).toContain(name);
    }
  });

  test("what stops harm works while the vault is locked", () => {
    const open = OPERATIONS.filter(({ whileLocked }) => whileLocked).map(({ name }) => name);
    for (const name of [
      "keys.disable",
      "vk.disable",
      "vk.revoke",
      "vault.lock",
      "vault.unlock",
      "program.stop",
    ]) {
      expect(open).toContain(name);
    }
  });
});
