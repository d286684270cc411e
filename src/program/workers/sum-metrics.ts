/**
 * One Prometheus text out of those of several processes: each series is the sum of theirs, which is right for
 * counters, for histograms with the same buckets, and for gauges that count. Order and comments are the first text's;
 * series that only later texts have stand behind those of their family.
 */
export function sumMetrics(texts: readonly string[]): string {
  const families = new Map<string, { comments: string[]; series: Map<string, number> }>();
  for (const text of texts) {
    let family = "";
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const comment = /^# (?:HELP|TYPE) (\S+)/.exec(line);
      if (comment) family = comment[1] ?? "";
      const known = families.get(family) ?? { comments: [], series: new Map<string, number>() };
      families.set(family, known);
      if (line.startsWith("#")) {
        if (!known.comments.includes(line)) known.comments.push(line);
        continue;
      }
      const at = line.lastIndexOf(" ");
      const name = line.slice(0, at);
      known.series.set(name, (known.series.get(name) ?? 0) + Number(line.slice(at + 1)));
    }
  }
  return [...families.values()]
    .flatMap(({ comments, series }) => [...comments, ...[...series].map(([name, sum]) => `${name} ${sum}`)])
    .join("\n");
}
