/** The door that is to be opened again when the program starts: one small file in the home. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeDurable } from "../files/index.ts";
import { isJsonObject, parseJson, stringAt, utf8 } from "../kernel/index.ts";
import type { DoorRequest } from "./open-door.ts";
import { TUNNELS, type TunnelName } from "./tunnels.ts";

const FILE = "door.json";

export function keepDoor(home: string, { tool, way }: DoorRequest): void {
  writeDurable(join(home, FILE), utf8(`${JSON.stringify({ version: 1, tool, way }, undefined, 2)}\n`));
}

export function forgetDoor(home: string): void {
  rmSync(join(home, FILE), { force: true });
}

/** `undefined` when none was kept, or the file says nothing that could be opened. */
export function keptDoor(home: string): Pick<DoorRequest, "tool" | "way"> | undefined {
  let text: string;
  try {
    text = readFileSync(join(home, FILE), "utf8");
  } catch {
    return undefined;
  }
  const document = parseJson(text);
  const tool = stringAt(document, "tool");
  const way = isJsonObject(document) ? document["way"] : undefined;
  if (tool === undefined || !isJsonObject(way)) return undefined;
  const [url, port, name, program] = [way["url"], way["port"], way["tunnel"], way["program"]];
  if (typeof url === "string" && typeof port === "number") return { tool, way: { url, port } };
  if (typeof program !== "string" || !isTunnel(name)) return undefined;
  return { tool, way: { tunnel: name, program } };
}

function isTunnel(name: unknown): name is TunnelName {
  return typeof name === "string" && Object.hasOwn(TUNNELS, name);
}
