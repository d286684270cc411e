/** Reads the texts at the top of a JSON object whose end may be missing: all there is of a long answer's beginning. */

/** Members are named by their path: `id`, `response.id`. Deeper ones are left out. */
export function leadingTexts(json: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const depth = { objects: 0, arrays: 0 };
  /** The member whose object is open, and the one whose value comes next. */
  let parent = "";
  let member: string | undefined;
  let last: string | undefined;
  // Sticky: what is cut ends the reading, so that nothing is found within a text.
  for (const [token, text] of json.matchAll(TOKEN)) {
    if (text !== undefined) {
      if (member === undefined) last = text;
      else if (depth.arrays === 0 && depth.objects <= 2)
        texts.set(pathOf(parent, member, depth.objects), text);
      continue;
    }
    switch (token.trim()) {
      case ":":
        member = last ?? "";
        break;
      case ",":
        member = undefined;
        last = undefined;
        break;
      case "{":
        if (depth.objects === 1 && depth.arrays === 0) parent = member ?? "";
        depth.objects++;
        member = undefined;
        break;
      case "}":
        depth.objects--;
        break;
      case "[":
        depth.arrays++;
        member ??= "";
        break;
      case "]":
        depth.arrays--;
        break;
    }
  }
  return texts;
}

function pathOf(parent: string, member: string, objects: number): string {
  return objects === 1 ? member : `${parent}.${member}`;
}

const TOKEN = /\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|[{}[\],:]|[^\s"{}[\],:]+)/gy;
