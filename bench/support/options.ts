/** The value behind `name` on the command line. */
export function textOption(name: string, otherwise: string): string {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise);
}

export function numberOption(name: string, otherwise: number): number {
  return Number(textOption(name, String(otherwise)));
}
