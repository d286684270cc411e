/** Looks at files in a thread of its own; see look-protocol.ts. */
import { FileLook } from "../file-look.ts";
import { KnownKeyFinder } from "../known-key-finder.ts";
import { Matcher } from "../matcher.ts";
import { RULES } from "../rules.ts";
import { type LookAnswer, type LookBegin, type LookCall, toWire } from "./look-protocol.ts";

declare const self: {
  onmessage: (event: MessageEvent<LookBegin | LookCall>) => void;
  postMessage(answer: LookAnswer, transfer: readonly never[]): void;
};

let files: FileLook | undefined;

self.onmessage = ({ data }) => {
  if ("known" in data) {
    files = new FileLook(new Matcher(RULES), data.known && new KnownKeyFinder(data.known));
    self.postMessage("ready", []);
    return;
  }
  const looking = files;
  if (looking) self.postMessage(toWire(data.paths.map((path) => looking.look(path))), []);
};
