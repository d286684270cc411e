/** JSON with comments and trailing commas, as VS Code and its like read it. */
import {
  applyEdits,
  type FormattingOptions,
  type JSONPath,
  modify,
  type ParseError,
  parse,
  printParseErrorCode,
} from "jsonc-parser";
import type { Json } from "../../kernel/index.ts";
import type { Editor, ValuePath } from "./editor.ts";

export const jsoncEditor: Editor = {
  parse(text) {
    if (text.trim() === "") return {};
    const errors: ParseError[] = [];
    const value = parse(text, errors, { allowTrailingComma: true, disallowComments: false }) as Json;
    const [first] = errors;
    if (first) throw new SyntaxError(`${printParseErrorCode(first.error)} at offset ${first.offset}`);
    return value;
  },

  set: (text, at, value) => change(text, at, value),

  remove: (text, at) => change(text, at, undefined),
};

function change(text: string, at: ValuePath, value: Json | undefined): string {
  const formattingOptions = layoutOf(text);
  // The library appends nothing useful to a text without a value.
  const whole = text.trim() === "" ? `{}${formattingOptions.eol ?? "\n"}` : text;
  const path: JSONPath = [...at];
  return applyEdits(whole, modify(whole, path, value, { formattingOptions }));
}

/** How the file is written, so that what is added looks like the rest. */
function layoutOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 1 : indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}
