/** The first lines of every generated file: a heading, and where the text comes from. */
export function heading(title: string): string {
  return `# ${title}\n\n<!-- Made by \`npm run docs\` from the source. Change it there. -->\n`;
}

/** A table; cells are Markdown, their pipes are escaped here. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(titles), `|${titles.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

export function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

export function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

/** Parts of a document, one empty line apart; empty parts are left out. */
export function document(...parts: readonly string[]): string {
  return `${parts
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}
