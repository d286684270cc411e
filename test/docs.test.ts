// The documents tell what is: generated ones are up to date, examples are carried out as they stand, links lead somewhere.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { commandTree, examplesOf, leaves } from "../scripts/docs/command-tree.ts";
import { generatedDocuments } from "../scripts/docs.ts";
import { consoleSteps, isShown } from "./support/console.ts";
import {
  anchors,
  documentPaths,
  type FencedBlock,
  fencedBlocks,
  namedCommands,
  readDocument,
  relativeLinks,
} from "./support/documents.ts";
import { Reader } from "./support/reader.ts";

const ROOT = join(import.meta.dir, "..");
const documents = documentPaths();
const generated = await generatedDocuments();
const wholeTree = await commandTree();

describe("generated documents are what the program says now", () => {
  for (const [path, text] of generated) {
    test(path, () => {
      const committed = existsSync(join(ROOT, path)) ? readDocument(path) : "";
      if (committed !== text) throw new Error(`${path} is out of date: npm run docs`);
    });
  }
});

test("every example that a command's help shows is a command line that the program takes", async () => {
  for (const { path, command } of leaves(wholeTree)) {
    for (const line of examplesOf(command)) {
      expect(line).toStartWith(path);
      await parseOnly(line);
    }
  }
});

test("every folder of the source is on the map of rooms", () => {
  const rooms = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const map = readDocument("docs/architecture.md");
  const missing = rooms.map(({ name }) => name).filter((name) => !map.includes(`| \`${name}/\` |`));
  expect(missing).toEqual([]);
});

test("every command that a document names in its text is there, with its options", () => {
  const unknown = documents.flatMap((path) =>
    namedCommands(readDocument(path))
      .filter((line) => !isKnownCommand(line))
      .map((line) => `${path}: ${line}`),
  );
  expect(unknown).toEqual([]);
});

test("every relative link leads to a file, and to a heading where it names one", () => {
  const broken = documents.flatMap((path) =>
    relativeLinks(readDocument(path))
      .filter((target) => !leadsSomewhere(path, target))
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});

const followed = documents.filter((path) => fencedBlocks(readDocument(path)).some(isFollowed));

// Windows has no POSIX shell, and on macOS the keychain of whoever runs the tests would be used.
describe.skipIf(process.platform !== "linux")("a reader who follows the document sees what it shows", () => {
  for (const path of followed) {
    describe(path, () => {
      let reader: Reader;
      beforeAll(async () => {
        reader = await Reader.start();
        if (path !== "README.md") await reader.getReady();
      });
      afterAll(async () => {
        await reader.leave();
      });

      for (const block of fencedBlocks(readDocument(path)).filter(isFollowed)) {
        test(`line ${block.line}`, async () => {
          await follow(reader, block);
        });
      }
    });
  }
});

/** Blocks with a language and a name are files to save, `console` blocks are to be typed; all others are to be read. */
function isFollowed({ language, name }: FencedBlock): boolean {
  return language === "console" || name !== undefined;
}

async function follow(reader: Reader, block: FencedBlock): Promise<void> {
  if (block.name !== undefined) return reader.save(block.name, block.text);
  for (const { command, output } of consoleSteps(block.text)) {
    // The smallest machines that run the tests have no curl.
    if (command.startsWith("curl ") && Bun.which("curl") === null) continue;
    const printed = await reader.run(command);
    if (!isShown(output, printed)) throw new Error(`$ ${command}\nshows\n${output}\nbut prints\n${printed}`);
  }
}

/** Parses the words of an example without doing what they say. @throws Error when the program would refuse them. */
async function parseOnly(line: string): Promise<void> {
  const words = line
    .replace(/ [<>] .*$/, "")
    .split(" ")
    .slice(1)
    .map((word) => word.replaceAll(/^["']|["']$/g, ""));
  const tree = await commandTree();
  for (const { command } of leaves(tree)) command.action(() => {});
  await tree.parseAsync(words, { from: "user" });
}

/** Whether the first words name a command, or a group of them, and each option is one of it. */
function isKnownCommand(line: string): boolean {
  // What follows a bare `--` belongs to the program that is run.
  const words = (line.split(" -- ")[0] ?? "").split(" ").slice(1);
  let command = wholeTree;
  for (const word of words) {
    const child = command.commands.find((one) => one.name() === word);
    if (!child) break;
    command = child;
  }
  const options = words.filter((word) => word.startsWith("--"));
  const known = command.options.map(({ long }) => long);
  return command.parent !== null && options.every((option) => known.includes(option) || option === "--help");
}

function leadsSomewhere(from: string, target: string): boolean {
  const [path = "", anchor] = target.split("#", 2);
  const file = path === "" ? from : normalize(join(dirname(from), path));
  if (!existsSync(join(ROOT, file))) return false;
  return anchor === undefined || anchors(readDocument(file)).has(anchor);
}
