import { expect, test } from "bun:test";
import type { CliContext } from "./context.ts";
import { diffText } from "./tools-diff.ts";

test("files of the home are named from ~, as everywhere else; others by their whole path", () => {
  const context = { colour: false, environment: { HOME: "/home/ada" } } as unknown as CliContext;
  const of = (path: string) => ({
    path,
    isNew: true,
    mode: "644 → 600",
    parts: [{ line: 1, lines: ["+ x"] }],
  });
  expect(diffText(context, [of("/home/ada/.codex/config.toml"), of("/etc/app.env")])).toBe(
    [
      "~/.codex/config.toml (new, mode 644 → 600)",
      "  + x",
      "/etc/app.env (new, mode 644 → 600)",
      "  + x",
    ].join("\n"),
  );
});
