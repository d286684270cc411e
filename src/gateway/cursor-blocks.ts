/**
 * Cursor mixes Anthropic's content blocks into chat messages when it goes on with a conversation that a Claude model
 * began. They become what they stand for in chat:
 *
 *   tool_use in an assistant's message   → tool_calls      image  → image_url
 *   tool_result in a user's message      → tool messages   system → a first system message
 *
 * Thinking is left out: it belongs to the model that thought it.
 */
import { isJsonObject, type Json, type JsonObject, objectAt, stringAt } from "../kernel/index.ts";

const BLOCKS: ReadonlySet<string> = new Set(["tool_use", "tool_result", "thinking", "redacted_thinking"]);

/** Whether there is anything to be turned into chat. */
export function hasBlocks(body: JsonObject): boolean {
  const messages = body["messages"];
  if (!Array.isArray(messages)) return false;
  return (
    body["system"] !== undefined || (messages as readonly Json[]).some((one) => partsOf(one).some(isBlock))
  );
}

/** The body with chat's own messages, and chat's words for the choice of a tool. */
export function withoutBlocks(body: JsonObject): Record<string, Json> {
  const { system, tool_choice: choice, ...rest } = body;
  const messages = (body["messages"] ?? []) as readonly Json[];
  const first = textOf(system ?? "");
  const chosen = toolChoice(choice);
  return {
    ...rest,
    messages: [
      ...(first === "" ? [] : [{ role: "system", content: first }]),
      ...messages.flatMap(chatMessages),
    ],
    ...(chosen === undefined ? {} : { tool_choice: chosen }),
  };
}

function isBlock(part: Json): boolean {
  return BLOCKS.has(stringAt(part, "type") ?? "") || isImage(part);
}

function isImage(part: Json): boolean {
  return stringAt(part, "type") === "image" && objectAt(part, "source") !== undefined;
}

function partsOf(message: Json): readonly Json[] {
  const content = isJsonObject(message) ? message["content"] : undefined;
  return Array.isArray(content) ? (content as readonly Json[]) : [];
}

function chatMessages(message: Json): Json[] {
  const parts = partsOf(message);
  if (!isJsonObject(message) || !parts.some(isBlock)) return [message];
  const calls = parts.flatMap(callOf);
  const others = parts.filter((part) => !BLOCKS.has(stringAt(part, "type") ?? "")).map(imageAsChat);
  // What tools gave has to follow the message that called them.
  const results = parts.flatMap(resultOf);
  const own: Json[] =
    others.length === 0 && calls.length === 0
      ? []
      : [
          {
            ...message,
            content: others.length === 0 ? null : others,
            ...(calls.length === 0 ? {} : { tool_calls: calls }),
          },
        ];
  return [...results, ...own];
}

function callOf(part: Json): Json[] {
  if (!isJsonObject(part) || part["type"] !== "tool_use") return [];
  const { id = "", name = "", input = {} } = part;
  return [{ id, type: "function", function: { name, arguments: JSON.stringify(input) } }];
}

function resultOf(part: Json): Json[] {
  if (!isJsonObject(part) || part["type"] !== "tool_result") return [];
  return [{ role: "tool", tool_call_id: part["tool_use_id"] ?? "", content: textOf(part["content"] ?? "") }];
}

/** A text, or the texts of blocks one below the other. */
function textOf(content: Json): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as readonly Json[]).flatMap((part) => stringAt(part, "text") ?? []).join("\n");
}

function imageAsChat(part: Json): Json {
  if (!isImage(part)) return part;
  const source = objectAt(part, "source");
  const url =
    stringAt(source, "url") ?? `data:${stringAt(source, "media_type")};base64,${stringAt(source, "data")}`;
  return { type: "image_url", image_url: { url } };
}

function toolChoice(choice: Json | undefined): Json | undefined {
  const name = stringAt(choice, "name");
  switch (stringAt(choice, "type")) {
    case "any":
      return "required";
    case "auto":
    case "none":
      return stringAt(choice, "type");
    case "tool":
      return name === undefined ? "required" : { type: "function", function: { name } };
    default:
      return choice;
  }
}
