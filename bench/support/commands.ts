/** Runs a command to its end; gives what it printed. @throws Error with what it said when it fails. */
export async function runCommand(
  command: readonly string[],
  env: Record<string, string>,
  stdin: string,
): Promise<string> {
  const child = Bun.spawn([...command], { env, stdin: new Blob([stdin]), stdout: "pipe", stderr: "pipe" });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`${command.slice(1, 3).join(" ")} failed: ${error}`);
  return out;
}

/** What a program prints first, once it is there. */
export async function firstLine(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of output) {
    text += decoder.decode(piece, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  throw new Error("the server ended before it was ready");
}
