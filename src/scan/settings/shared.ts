import { toolName } from "../../tools/index.ts";
import type { Finding } from "../finding.ts";
import { aboutKey } from "./about-key.ts";
import { byKey, type KeyPlace } from "./key-place.ts";

/** No tools of their own: the same key in `.bashrc` and in a history is no sharing. */
const NO_TOOLS: ReadonlySet<string> = new Set(["shell", "system", "dotenv", "direnv", "package-manager"]);

/** One key in several tools: it cannot be limited, counted or replaced for one of them alone. */
export function checkShared(keys: readonly KeyPlace[]): Finding[] {
  return [...byKey(keys).values()].flatMap((places) => {
    const tools = [...new Set(places.flatMap(({ place }) => place?.tool ?? []))].filter(
      (tool) => !NO_TOOLS.has(tool),
    );
    const [first] = places;
    if (!first || tools.length < 2) return [];
    return [
      aboutKey(first, {
        rule: "shared-key",
        severity: "low",
        title: `one key in ${tools.length} tools (${tools.map(toolName).join(", ")}): it cannot be limited, counted or replaced for one of them alone`,
        fix: "give each tool a virtual key of its own: ownkey vk create --name TOOL",
      }),
    ];
  });
}
