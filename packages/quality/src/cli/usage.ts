/** What the user got wrong, in a sentence for them: no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Data that cannot be read, in a sentence. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

/** What the system says, without its own words around it: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^E[A-Z]+: ([^,]+)/.exec(message)?.[1] ?? message;
}

/** The exit codes of the command. */
export const exit = { ok: 0, broken: 1, usage: 2, unreadable: 3, interrupted: 130 } as const;

export const help = `Checks data against a contract.

  quality check <file…> --contract contract.ts|suite.json
  quality profile <file…>
  quality suggest <file…> [--out contract.ts]

Files are CSV, TSV, NDJSON, JSON arrays or Parquet, told by their names, also compressed by gzip or zstd. Several files
are one table, and rows are counted from 0 through all of them. "-" is the standard input.

check
  --contract <file>      a module that exports a contract, or a suite of Great Expectations as JSON
  --export <name>        which of the module's contracts, when it exports several
  --format <format>      text, json, markdown, junit or html; by default that of --out, or text
  --out <file>           write the report there, and its verdict to the standard output
  --bad <file>           write the rows that break a rule as NDJSON: file, row, rules, data
  --history <file>       keep the run there, with those before it; the html report shows the last 60
  --severity <severity>  fail by rules from this severity on: critical (the default), warning or info
  --keep-indexes         tell every row that breaks a rule in the report, not the first 20

suggest
  --name <name>          the contract's name; by default the file's
  --out <file>           write the contract there

all
  --input-format <format>  csv, tsv, ndjson, json or parquet, where the name does not tell
  --delimiter <character>  of CSV; by default a comma
  --null <text>            a text in CSV that means null, besides the empty one; may be repeated
  --help, --version

Exit codes: 0 the rules hold, 1 some do not, 2 wrong usage or no such contract, 3 the data cannot be read, or not
to its end.
`;
