const introduction = `# Benchmarks

Each package beside its peers, by \`npx --yes pnpm@12.21.0 bench\`; written by it too, so edits between the markers are lost.

How to read the tables: a ratio is the subject's time for one operation, divided by the baseline's in the same round.
2× takes twice as long, and below 1× is faster. It stands as the median over the rounds, with the 10th and 90th
percentile in parentheses: where those of two subjects overlap, the difference means little. Wall time is what a caller
waits; CPU time, on all threads of the process, is what a busy machine pays. Each subject has a process of its own, as
have servers; they run in turns, never at once, with the same settings, after their results have been checked. The peak
RSS is that of the subject's process, with the modules of all subjects loaded. Our packages are measured as published:
their built \`dist\`.

There are no times here, since they are the machine's as much as the code's. \`npx --yes pnpm@12.21.0 --silent bench --json\` has them.
`;

/**
 * Puts the sections of some packages into the document, in place of those it had, and leaves all others as they are.
 *
 * @param document The text of `docs/benchmarks.md`, empty when there is none yet.
 * @param sections Markdown by package.
 */
export function replaceSections(document: string, sections: Record<string, string>): string {
  const all = new Map<string, string>();
  for (const [, name = '', section = ''] of document.matchAll(/<!-- begin (\S+) -->\n\n(.*?)\n\n<!-- end \1 -->/gs)) {
    all.set(name, section);
  }
  for (const [name, section] of Object.entries(sections)) all.set(name, section);
  const blocks = [...all]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, section]) => `<!-- begin ${name} -->\n\n${section}\n\n<!-- end ${name} -->\n`);
  return [introduction, ...blocks].join('\n');
}
