import { AppError } from "../kernel/index.ts";

const NAME = /^[A-Za-z0-9._:@-]{1,64}$/;
const TOOL_NAMESPACE = "tool:";

/**
 * @throws AppError `invalid_input` unless it has 1 to 64 of the characters `A-Z a-z 0-9 . _ : @ -` and does not look
 * like an id, which would hide it from those who ask by name.
 */
export function assertVirtualKeyName(name: string): void {
  if (!NAME.test(name)) {
    throw new AppError(
      "invalid_input",
      `the name of a virtual key has ${name.length} characters, or unusual ones`,
      {
        hint: "use 1 to 64 of: letters, digits, and . _ : @ -",
      },
    );
  }
  if (name.startsWith("vk_")) {
    throw new AppError("invalid_input", 'the name of a virtual key must not begin with "vk_"', {
      hint: "ids begin so; choose another name",
    });
  }
}

/** The name of the virtual key that a tool's tokens are bound to. */
export function toolKeyName(tool: string): string {
  return TOOL_NAMESPACE + tool;
}
