// Ownership is known at once, survives a restart, and never changes hands.
import { expect, test } from "bun:test";
import { openConnectionsTest } from "../connections/connections.testing.ts";
import { silentLog } from "../kernel/index.ts";
import { createdObject, isCreation, isListing, objectInPath } from "./stored-objects.ts";
import { createStoredObjects } from "./stored-objects-store.ts";

test("what was recorded is known at once, and by the next process once written", async () => {
  await using home = await openConnectionsTest();
  const options = { store: home.store, clock: home.clock, log: silentLog };
  const objects = createStoredObjects(options);
  const object = { id: "file-1", connectionId: "conn_a", virtualKeyId: "vk_a", kind: "file" } as const;
  objects.record(object);
  objects.record({ ...object, virtualKeyId: "vk_b" });
  expect(await objects.ownerOf("conn_a", "file-1")).toBe("vk_a");
  expect(await objects.ownerOf("conn_b", "file-1")).toBeUndefined();
  await objects.flush();
  await objects.flush();

  const next = createStoredObjects(options);
  expect(await next.ownerOf("conn_a", "file-1")).toBe("vk_a");
  next.record({ ...object, virtualKeyId: "vk_b" });
  await next.flush();
  expect(await createStoredObjects(options).ownerOf("conn_a", "file-1")).toBe("vk_a");
});

test("the id is found in a plain answer, in a stream's first event and in Google's form", () => {
  expect(createdObject(`{"id":"file-1"}`)).toBe("file-1");
  expect(createdObject(`event: response.created\ndata: {"response":{"id":"resp_1"}}\n\n`)).toBe("resp_1");
  expect(createdObject(`{"file":{"name":"files/abc"}}`)).toBe("abc");
  expect(createdObject(`{"id":"fi`)).toBeUndefined();
  expect(createdObject("")).toBeUndefined();
});

test("the id of a long answer is known before its end, and never taken from a text within", () => {
  const long = "y".repeat(100_000);
  const event = { type: "response.created", id: "event_1", response: { id: "resp_1", instructions: long } };
  const begun = `event: response.created\ndata: ${JSON.stringify(event)}`;
  expect(createdObject(begun.slice(0, 60_000))).toBe("resp_1");
  const answer = { tools: [{ id: "tool_1" }], output: { id: "inner" }, id: "resp_2", instructions: long };
  expect(createdObject(JSON.stringify(answer).slice(0, 60_000))).toBe("resp_2");
  const trap = JSON.stringify({ instructions: `{"id":"resp_other"}`.repeat(5000), id: "resp_3" });
  expect(createdObject(trap.slice(0, 60_000))).toBeUndefined();
});

test("rules tell creating, listing and looking up apart", () => {
  const rule = (method: "GET" | "POST", path: string) =>
    ({ method, path, kind: "files", maxBodyBytes: 0, stores: "file" }) as const;
  expect(isCreation(rule("POST", "/v1/files"), "POST")).toBe(true);
  expect(isCreation(rule("POST", "/v1/files/:file/cancel"), "POST")).toBe(false);
  expect(isListing(rule("GET", "/v1/files"), "GET")).toBe(true);
  expect(objectInPath(rule("GET", "/v1/files/:file/content"), "/v1/files/file-1/content")).toBe("file-1");
  expect(objectInPath(rule("GET", "/v1/files"), "/v1/files")).toBeUndefined();
});
