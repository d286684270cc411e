/**
 * Cursor posts bodies shaped for OpenAI's Responses API to `/chat/completions` and expects chat chunks back. This
 * turns such a body into the chat request it stands for. Only what has one clear meaning is carried over:
 *
 *   input (text or items)            → messages          instructions        → a first system message
 *   flat function tools              → nested ones       max_output_tokens   → max_completion_tokens
 *   reasoning.effort                 → reasoning_effort  tool_choice {name}  → tool_choice {function: {name}}
 *   text.format                      → response_format
 *
 * Anthropic's content blocks within messages become what chat has for them: cursor-blocks.ts.
 *
 * Left out: tools that are not functions (custom grammars, server tools), reasoning items, and members that chat
 * does not know. It is the one place where a body is parsed and written anew, and only below `/cursor/`.
 */
import {
  isJsonObject,
  isTooDeep,
  type Json,
  type JsonObject,
  objectAt,
  parseJson,
  stringAt,
  utf8,
} from "../kernel/index.ts";
import { hasBlocks, withoutBlocks } from "./cursor-blocks.ts";

/** The body as a chat request; the same bytes when it is one already, or nothing that this could read. */
export function chatBody(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("utf8");
  const body = isTooDeep(text) ? undefined : parseJson(text);
  if (!isJsonObject(body)) return bytes;
  const isResponses = body["input"] !== undefined && body["messages"] === undefined;
  const tools = body["tools"];
  const hasFlatTools = Array.isArray(tools) && tools.some(isFlatTool);
  const mixed = !isResponses && hasBlocks(body);
  if (!isResponses && !hasFlatTools && !mixed) return bytes;
  const rest = isResponses ? withoutResponsesMembers(body) : mixed ? withoutBlocks(body) : { ...body };
  const chat: Record<string, Json> = isResponses ? { ...rest, messages: messagesOf(body) } : rest;
  if (Array.isArray(tools)) chat["tools"] = tools.flatMap(nestedTool);
  if (Array.isArray(chat["tools"]) && chat["tools"].length === 0) delete chat["tools"];
  return utf8(JSON.stringify(isResponses ? withRenamed(chat, body) : chat));
}

/** Members that only Responses has. */
const RESPONSES_ONLY: ReadonlySet<string> = new Set([
  "input",
  "instructions",
  "reasoning",
  "text",
  "include",
  "truncation",
  "previous_response_id",
  "max_output_tokens",
  "background",
  "conversation",
]);

function withoutResponsesMembers(body: JsonObject): Record<string, Json> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !RESPONSES_ONLY.has(name)));
}

function withRenamed(chat: Record<string, Json>, body: JsonObject): JsonObject {
  const effort = stringAt(objectAt(body, "reasoning"), "effort");
  const limit = body["max_output_tokens"];
  const format = objectAt(objectAt(body, "text"), "format");
  const choice = objectAt(body, "tool_choice");
  const chosen = stringAt(choice, "name");
  return {
    ...chat,
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(limit === undefined || limit === null ? {} : { max_completion_tokens: limit }),
    ...(format === undefined ? {} : { response_format: responseFormat(format) }),
    ...(chosen === undefined ? {} : { tool_choice: { type: "function", function: { name: chosen } } }),
  };
}

/** Responses writes the schema beside the type; chat puts it one level deeper. */
function responseFormat(format: JsonObject): JsonObject {
  const { type, ...rest } = format;
  return type === "json_schema" ? { type, json_schema: rest } : format;
}

function messagesOf(body: JsonObject): Json[] {
  const instructions = stringAt(body, "instructions");
  const first: Json[] = instructions === undefined ? [] : [{ role: "system", content: instructions }];
  const input = body["input"];
  if (typeof input === "string") return [...first, { role: "user", content: input }];
  return [...first, ...(Array.isArray(input) ? joinedCalls(input.flatMap(messageOf)) : [])];
}

function messageOf(item: Json): JsonObject[] {
  if (!isJsonObject(item)) return [];
  switch (stringAt(item, "type") ?? "message") {
    case "message":
      return [{ role: item["role"] ?? "user", content: contentOf(item["content"] ?? "") }];
    case "function_call":
      return [
        {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              id: item["call_id"] ?? item["id"] ?? "",
              type: "function",
              function: { name: item["name"] ?? "", arguments: item["arguments"] ?? "" },
            },
          ],
        },
      ];
    case "function_call_output":
      return [
        { role: "tool", tool_call_id: item["call_id"] ?? "", content: contentOf(item["output"] ?? "") },
      ];
    default:
      return [];
  }
}

/** Calls that were made side by side belong into one assistant message. */
function joinedCalls(messages: readonly JsonObject[]): JsonObject[] {
  const joined: JsonObject[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    const calls = message["tool_calls"];
    const before = last?.["tool_calls"];
    if (last !== undefined && Array.isArray(calls) && Array.isArray(before)) {
      joined[joined.length - 1] = { ...last, tool_calls: [...before, ...calls] };
    } else {
      joined.push(message);
    }
  }
  return joined;
}

function contentOf(content: Json): Json {
  return Array.isArray(content) ? content.map(partOf) : content;
}

function partOf(part: Json): Json {
  if (!isJsonObject(part)) return part;
  const type = stringAt(part, "type");
  if (type === "input_text" || type === "output_text") return { type: "text", text: part["text"] ?? "" };
  if (type !== "input_image") return part;
  const detail = part["detail"];
  const url = part["image_url"] ?? "";
  return { type: "image_url", image_url: detail === undefined ? { url } : { url, detail } };
}

function isFlatTool(tool: Json): boolean {
  return isJsonObject(tool) && tool["function"] === undefined;
}

function nestedTool(tool: Json): Json[] {
  if (!isJsonObject(tool) || !isFlatTool(tool)) return [tool];
  const name = stringAt(tool, "name");
  if (name === undefined || (stringAt(tool, "type") ?? "function") !== "function") return [];
  const { type: _, input_schema: schema, ...rest } = tool;
  // Anthropic's tools come with `input_schema`.
  const parameters = tool["parameters"] ?? schema;
  return [{ type: "function", function: parameters === undefined ? rest : { ...rest, parameters } }];
}
