// Run as a process of its own by the tests that kill it, starve it of disk, or measure its memory:
// `bun child.testing.ts backup HOME FILE` or `… restore HOME FILE`. Prints the error's code, or "ok" and its peak
// memory in kilobytes, as JSON.
import { backUp, codeOf, restore } from "./backup.testing.ts";

const [, , task = "", home = "", file = ""] = process.argv;
const work = task === "backup" ? backUp({ home, target: file }) : restore({ home, file, replace: true });
const code = await codeOf(work);
process.stdout.write(`${JSON.stringify({ code, peakKb: process.resourceUsage().maxRSS })}\n`);
