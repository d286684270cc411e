// Cursor's hybrid bodies become the chat requests they stand for; chat requests stay as they are.
import { expect, test } from "bun:test";
import { utf8 } from "../kernel/index.ts";
import { chatBody } from "./cursor.ts";

const convert = (body: unknown): unknown =>
  JSON.parse(Buffer.from(chatBody(utf8(JSON.stringify(body)))).toString());

test("a chat request keeps its bytes", () => {
  const bytes = utf8(`{"model":"m", "messages":[],"seed":12345678901234567890}`);
  expect(chatBody(bytes)).toBe(bytes);
  const nonsense = utf8("{");
  expect(chatBody(nonsense)).toBe(nonsense);
});

test("what is nested too deeply is left to the scanner, which refuses it", () => {
  const nested = (depth: number) =>
    utf8(`{"model":"m","input":"]]\\"[","metadata":${"[".repeat(depth)}"[{"${"]".repeat(depth)}}`);
  expect(chatBody(nested(255))).not.toEqual(nested(255));
  expect(chatBody(nested(256))).toEqual(nested(256));
});

test("text, instructions, limit, effort and format move to where chat has them", () => {
  expect(
    convert({
      model: "m",
      stream: true,
      instructions: "be brief",
      input: "hi",
      max_output_tokens: 9,
      reasoning: { effort: "low" },
      text: { format: { type: "json_schema", name: "s", schema: {} } },
      truncation: "auto",
    }),
  ).toEqual({
    model: "m",
    stream: true,
    messages: [
      { role: "system", content: "be brief" },
      { role: "user", content: "hi" },
    ],
    max_completion_tokens: 9,
    reasoning_effort: "low",
    response_format: { type: "json_schema", json_schema: { name: "s", schema: {} } },
  });
});

test("calls made side by side become one message, outputs become tool messages", () => {
  expect(
    convert({
      model: "m",
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "go" },
            { type: "input_image", image_url: "data:x" },
          ],
        },
        { type: "reasoning", summary: [] },
        { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
        { type: "function_call", call_id: "b", name: "g", arguments: "{}" },
        { type: "function_call_output", call_id: "a", output: "1" },
      ],
    }),
  ).toEqual({
    model: "m",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "go" },
          { type: "image_url", image_url: { url: "data:x" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
          { id: "b", type: "function", function: { name: "g", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "1" },
    ],
  });
});

test("flat tools are nested, nested ones stay, what is no function is left out", () => {
  const nested = { type: "function", function: { name: "n" } };
  expect(
    convert({
      model: "m",
      messages: [],
      tools: [
        nested,
        { type: "function", name: "f", parameters: {} },
        { type: "custom", name: "patch" },
        { name: "a", input_schema: {} },
      ],
    }),
  ).toEqual({
    model: "m",
    messages: [],
    tools: [
      nested,
      { type: "function", function: { name: "f", parameters: {} } },
      { type: "function", function: { name: "a", parameters: {} } },
    ],
  });
});

test("Anthropic's blocks in a conversation become chat's calls, results, images and system message", () => {
  expect(
    convert({
      model: "m",
      system: [{ type: "text", text: "be brief" }],
      messages: [
        { role: "user", content: "look" },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature: "s" },
            { type: "text", text: "reading" },
            { type: "tool_use", id: "toolu_1", name: "read_file", input: { path: "a" } },
            { type: "tool_use", id: "toolu_2", name: "list", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              tool_use_id: "toolu_1",
              content: [
                { type: "text", text: "one" },
                { type: "text", text: "two" },
              ],
            },
            { type: "tool_result", tool_use_id: "toolu_2", content: "none" },
            { type: "text", text: "and this" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          ],
        },
        { role: "user", content: [{ type: "text", text: "stays" }] },
      ],
      tools: [{ name: "read_file", description: "d", input_schema: { type: "object" } }],
      tool_choice: { type: "any" },
    }),
  ).toEqual({
    model: "m",
    messages: [
      { role: "system", content: "be brief" },
      { role: "user", content: "look" },
      {
        role: "assistant",
        content: [{ type: "text", text: "reading" }],
        tool_calls: [
          { id: "toolu_1", type: "function", function: { name: "read_file", arguments: '{"path":"a"}' } },
          { id: "toolu_2", type: "function", function: { name: "list", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "toolu_1", content: "one\ntwo" },
      { role: "tool", tool_call_id: "toolu_2", content: "none" },
      {
        role: "user",
        content: [
          { type: "text", text: "and this" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        ],
      },
      { role: "user", content: [{ type: "text", text: "stays" }] },
    ],
    tools: [
      { type: "function", function: { name: "read_file", description: "d", parameters: { type: "object" } } },
    ],
    tool_choice: "required",
  });
});
