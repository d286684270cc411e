import { z } from "zod";

/** A file's change for people: no secret in it. */
export const fileChangeSchema = z.object({
  path: z.string(),
  isNew: z.boolean(),
  mode: z.string().nullable().describe("permission bits, when they change"),
  parts: z.array(z.object({ line: z.number(), lines: z.array(z.string()) })),
});

export type FileChange = z.output<typeof fileChangeSchema>;

/** `644 → 600` */
export function modeChange([before, after]: readonly [number, number]): string {
  const octal = (mode: number) => mode.toString(8).padStart(3, "0");
  return `${octal(before)} → ${octal(after)}`;
}
