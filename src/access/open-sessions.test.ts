import { expect, test } from "bun:test";
import { OpenSessions } from "./open-sessions.ts";

test("a session is open for as long as somebody holds it, and never again", () => {
  const sessions = new OpenSessions();
  expect(sessions.isOpen("ses_a")).toBe(false);
  const first = sessions.hold("ses_a");
  const second = sessions.hold("ses_a");
  first?.();
  first?.();
  expect(sessions.isOpen("ses_a")).toBe(true);
  second?.();
  expect(sessions.isOpen("ses_a")).toBe(false);
  expect(sessions.hold("ses_a")).toBeUndefined();
  expect(sessions.count).toBe(0);
});

test("ending it does not ask who holds it, and leaves the others open", () => {
  const sessions = new OpenSessions();
  const letGo = sessions.hold("ses_a");
  sessions.hold("ses_b");
  sessions.end("ses_a");
  sessions.end("ses_never");
  letGo?.();
  expect(sessions.isOpen("ses_a")).toBe(false);
  expect(sessions.isOpen("ses_b")).toBe(true);
  expect(sessions.hold("ses_never")).toBeDefined();
});

test("whoever follows hears once of each beginning and each end", () => {
  const sessions = new OpenSessions();
  const heard: string[] = [];
  const stop = sessions.onChange((id, open) => heard.push(`${id} ${open ? "opens" : "ends"}`));
  const first = sessions.hold("ses_a");
  const second = sessions.hold("ses_a");
  sessions.hold("ses_b");
  expect(sessions.all()).toEqual(["ses_a", "ses_b"]);
  first?.();
  second?.();
  sessions.end("ses_a");
  stop();
  sessions.end("ses_b");
  expect(heard).toEqual(["ses_a opens", "ses_b opens", "ses_a ends"]);
});
