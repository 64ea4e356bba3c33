import { writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { parseArgs } from 'node:util';
import { DexError, OptionError } from '@dataenginex/core';
import { InterruptedError } from '../errors.ts';
import { profile } from '../profile/profile.ts';
import { profileToText } from '../profile/profile-to-text.ts';
import { suggest } from '../profile/suggest.ts';
import { plain } from '../report/to-text.ts';
import { counted, list } from '../report/words.ts';
import { check, type OutputFormat, outputFormats } from './check.ts';
import { checkOutputs } from './check-outputs.ts';
import { FileTable } from './file-table.ts';
import { loadContract } from './load-contract.ts';
import { ProgressLine, type Screen } from './progress-line.ts';
import { guessReader } from './readings.ts';
import { inputFormats, openInputs } from './rows-of-files.ts';
import { exit, help, reasonOf, UnreadableError, UsageError } from './usage.ts';

/** What the command is given by its process. */
export interface Surface {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** The package's. */
  readonly version: string;
}

const severities = ['critical', 'warning', 'info'] as const;
const commands = ['check', 'profile', 'suggest'] as const;
/** Those that not all commands take. */
const optionsOf: Readonly<Record<(typeof commands)[number], readonly string[]>> = {
  check: ['contract', 'export', 'format', 'out', 'bad', 'history', 'severity', 'keep-indexes'],
  profile: [],
  suggest: ['name', 'out'],
};

/**
 * Runs the command.
 *
 * @returns The exit code.
 */
export async function main(args: readonly string[], surface: Surface): Promise<number> {
  const { stderr, signal } = surface;
  const line = new ProgressLine(stderr);
  let file: string | undefined;
  try {
    return await run(args, surface, line, (name) => (file = name));
  } catch (error) {
    line.clear();
    if (signal.aborted) return exit.interrupted;
    const { code, message } = judge(error, file);
    stderr.write(`${plain(message)}\n`);
    return code;
  } finally {
    line.clear();
  }
}

async function run(
  args: readonly string[],
  surface: Surface,
  line: ProgressLine,
  onOpen: (file: string) => void,
): Promise<number> {
  const { values, positionals } = readArguments(args);
  const { stdin, stdout, stderr, env, signal } = surface;
  const print = (text: string): void => {
    line.clear();
    stdout.write(text);
  };
  if (values.version) {
    print(`${surface.version}\n`);
    return exit.ok;
  }
  const [name, ...paths] = positionals;
  if (values.help || name === undefined) {
    (values.help ? stdout : stderr).write(help);
    return values.help ? exit.ok : exit.usage;
  }
  const command = oneOf('The command', name, commands);
  for (const option of Object.keys(values)) {
    const owners = commands.filter((other) => optionsOf[other].includes(option));
    if (owners.length === 0 || owners.includes(command)) continue;
    throw new UsageError(`--${option} is an option of ${list(owners)}, not of ${command}. See quality --help.`);
  }
  if (values.delimiter !== undefined && values.delimiter.length !== 1) {
    throw new UsageError(`--delimiter must be one character, got ${JSON.stringify(values.delimiter)}.`);
  }
  if (paths.length === 0) throw new UsageError(`Which files? quality ${command} <file…>`);
  const format =
    values['input-format'] === undefined ? undefined : oneOf('--input-format', values['input-format'], inputFormats);
  const what = paths.length === 1 ? basename(paths[0] ?? '') : `${paths.length} files`;
  const loaded = command === 'check' ? await loadContract(needed(values.contract), values.export) : undefined;
  const inputs = await openInputs(paths, {
    format,
    delimiter: values.delimiter,
    stdin,
    onOpen,
    onProgress: (progress) => line.show(what, progress),
  });
  const { out, bad, history } = values;
  await checkOutputs({ out, bad, history }, [...paths, ...(values.contract === undefined ? [] : [values.contract])]);
  const table = new FileTable(inputs);
  const nulls = values.null ?? [];
  const isColored = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';

  if (loaded !== undefined) {
    if (loaded.unmapped.length > 0) {
      stderr.write(`${counted(loaded.unmapped.length, 'expectation')} of the suite cannot be asked here as it is:\n`);
      for (const { place, expectation, reason } of loaded.unmapped) {
        stderr.write(`  ${plain(`${place ?? ''} ${expectation}: ${reason}`)}\n`);
      }
    }
    const severity = oneOf('--severity', values.severity ?? 'critical', severities);
    const report = values.format === undefined ? formatOf(values.out) : oneOf('--format', values.format, outputFormats);
    const keepIndexes = values['keep-indexes'] ?? false;
    const { contract } = loaded;
    return check({
      contract,
      table,
      nulls,
      format: report,
      out,
      bad,
      history,
      severity,
      keepIndexes,
      isColored,
      signal,
      print,
    });
  }

  await table.hold();
  const hasTexts = inputs.some(({ format: of }) => of === 'csv' || of === 'tsv');
  const read = hasTexts ? await guessReader(table, nulls) : (row: unknown): unknown => row;
  const found = await profile(table.rows(read), { signal });
  if (command === 'profile') print(`${profileToText(found)}\n`);
  else {
    if (found.rows === 0) throw new UnreadableError('There are no rows to suggest a contract by.');
    const { code, columns } = suggest(found, { name: values.name ?? tableName(paths[0] ?? 'table') });
    if (out === undefined) print(code);
    else {
      await writeFile(out, code);
      print(`A contract of ${counted(columns.length, 'column')} is in ${plain(out)}\n`);
    }
  }
  return exit.ok;
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        contract: { type: 'string' },
        export: { type: 'string' },
        format: { type: 'string' },
        out: { type: 'string' },
        bad: { type: 'string' },
        history: { type: 'string' },
        severity: { type: 'string' },
        'keep-indexes': { type: 'boolean' },
        'input-format': { type: 'string' },
        delimiter: { type: 'string' },
        null: { type: 'string', multiple: true },
        name: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (error) {
    // Of an option that it does not know, it goes on about files whose names begin with a dash.
    const [what = ''] = reasonOf(error).replaceAll('\n', ' ').split('. To specify a positional');
    throw new UsageError(`${what.replace(/\.$/, '')}. See quality --help.`, { cause: error });
  }
}

function oneOf<T extends string>(what: string, value: string, values: readonly T[]): T {
  const known = values.find((item) => item === value);
  if (known !== undefined) return known;
  throw new UsageError(`${what} must be ${list(values, 8, 'or')}, got "${value}". See quality --help.`);
}

function needed(contract: string | undefined): string {
  if (contract !== undefined) return contract;
  throw new UsageError('Which contract? Name it by --contract contract.ts, or make one: quality suggest <file…>');
}

/** The format that a report's name tells. */
function formatOf(out: string | undefined): OutputFormat {
  const byName: Readonly<Record<string, OutputFormat>> = { json: 'json', md: 'markdown', xml: 'junit', html: 'html' };
  return (
    byName[
      extname(out ?? '')
        .slice(1)
        .toLowerCase()
    ] ?? 'text'
  );
}

/** The table that a file has: `daily` of `data/daily.csv.gz`. */
const tableName = (path: string): string => (path === '-' ? 'table' : (basename(path).split('.')[0] ?? '') || 'table');

/** Users' mistakes and broken data are told in a sentence; what is neither is a fault of ours, and shows where. */
function judge(error: unknown, file: string | undefined): { code: number; message: string } {
  if (error instanceof InterruptedError) return judge(error.cause, file);
  if (!(error instanceof Error)) return { code: exit.unreadable, message: String(error) };
  const { message } = error;
  if (error instanceof UsageError || error instanceof OptionError) return { code: exit.usage, message };
  const isTold = error instanceof DexError || error instanceof UnreadableError || 'syscall' in error;
  const where = error instanceof DexError && file !== undefined && !message.includes(file) ? `${file}: ` : '';
  return { code: exit.unreadable, message: isTold ? `${where}${message}` : (error.stack ?? message) };
}
