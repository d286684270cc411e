import { z } from "zod";
import { VERSION } from "../kernel/index.ts";
import { type AnyOperation, isRemote } from "./operation.ts";

/** OpenAPI 3.1 for every operation, from the schemas that check it. */
export function openApiDocument(operations: readonly AnyOperation[]): object {
  return {
    openapi: "3.1.0",
    info: { title: "Ownkey control API", version: VERSION },
    servers: [{ url: "/", description: "the control socket or the control port" }],
    paths: Object.fromEntries(operations.filter(isRemote).map((one) => [`/api/${one.name}`, pathItem(one)])),
    components: { schemas: { Error: z.toJSONSchema(errorSchema) } },
  };
}

const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

function pathItem({ name, summary, input, output }: AnyOperation): object {
  return {
    post: {
      operationId: name,
      summary,
      requestBody: { content: json(z.toJSONSchema(input, { io: "input", unrepresentable: "any" })) },
      responses: {
        200: {
          description: "Done",
          content: json(z.toJSONSchema(output, { io: "output", unrepresentable: "any" })),
        },
        default: { description: "Refused or failed", content: json({ $ref: "#/components/schemas/Error" }) },
      },
    },
  };
}

function json(schema: object): object {
  return { "application/json": { schema } };
}
