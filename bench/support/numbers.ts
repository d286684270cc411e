export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value below or at which `percent` of the values lie; 0 for none. */
export function percentile(values: ArrayLike<number>, percent: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

export function mebi(sizeBytes: number): string {
  return `${(sizeBytes / 1024 / 1024).toFixed(0)} MiB`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** A part of one, as percent. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** With two digits that say something, however small it is. */
export function ratio(value: number): string {
  return value < 0.1 ? value.toPrecision(2) : value.toFixed(2);
}

export function millis(timeMs: number): string {
  return `${timeMs.toFixed(2)} ms`;
}

/** Rows of equal length, the first one a heading; columns after the first are right-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ");
  return rows.map(line).join("\n");
}
