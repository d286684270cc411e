// Run as a process of its own by the tests that kill it, starve it of disk, or measure its memory:
// `bun child.testing.ts backup HOME FILE [PHASE]` or `… restore HOME FILE [PHASE]`. Prints the error's code, or "ok",
// and its peak memory in kilobytes, as JSON. With PHASE it prints a line when that phase begins, and stays there.
import { writeSync } from "node:fs";
import { backUp, codeOf, restore } from "./backup.testing.ts";
import type { Progress } from "./progress.ts";

const [, , task = "", home = "", file = "", stopAt] = process.argv;
const onProgress = ({ phase }: Progress) => {
  if (phase !== stopAt) return;
  writeSync(1, "reached\n");
  Bun.sleepSync(3_600_000);
};
const work =
  task === "backup"
    ? backUp({ home, target: file, onProgress })
    : restore({ home, file, replace: true, onProgress });
const code = await codeOf(work);
process.stdout.write(`${JSON.stringify({ code, peakKb: process.resourceUsage().maxRSS })}\n`);
