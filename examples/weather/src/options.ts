import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DexError } from '@dataenginex/core';
import { type IncidentName, incidents } from './upstream/incidents.ts';

/** What the command line asks for. */
export interface Options {
  readonly once: boolean;
  readonly live: boolean;
  readonly help: boolean;
  readonly port: number;
  readonly seed: number;
  /** What happens to the replayed data. */
  readonly incident: IncidentName | undefined;
  readonly dataFolder: string;
}

export const usage = `Usage: npm start -- [options]

  --once             run the job and exit; without it the page is served until Ctrl-C
  --live             ask the real Open-Meteo instead of the replay, into a folder of its own
  --port <n>         where the page is served; the next free port if it is taken (default 3000)
  --seed <n>         which faults the replayed upstream makes (default 1); not with --live
  --incident <name>  what goes wrong with the replayed data, for the contracts to find, into a folder of its own:
${Object.entries(incidents)
  .map(([name, { what }]) => `                       ${name.padEnd(16)}${what}`)
  .join('\n')}
  --data <path>      where the data goes (default .data in the checkout)
  --help             this text

What is on disk is not fetched again: delete the data folder to see it all once more.
`;

/** The command line cannot be understood; the message says why. */
export class UsageError extends DexError {
  override readonly name = 'UsageError';
  readonly code = 'DEX_WEATHER_USAGE';
}

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const { once = false, live = false, help = false, port, seed, incident, data } = parse(args);
  if (data === '') throw new UsageError('--data must name a folder, got "".');
  // npm and pnpm start the program in its own folder, and say in INIT_CWD where the command was typed
  const typedIn = process.env['INIT_CWD'] ?? process.cwd();
  const dataFolder = data === undefined ? join(import.meta.dirname, '../../../.data') : resolve(typedIn, data);
  if (live && seed !== undefined) throw new UsageError('--seed is for the replay, and does nothing with --live.');
  if (live && incident !== undefined)
    throw new UsageError('--incident is for the replay, and does nothing with --live.');
  const happening = incidentNamed(incident);
  return {
    once,
    live,
    help,
    port: wholeNumber('port', port, 3000, 65_535),
    seed: wholeNumber('seed', seed, 1, 2 ** 31 - 1),
    incident: happening,
    dataFolder: live || happening ? join(dataFolder, happening ?? 'live') : dataFolder,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean' },
        live: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        port: { type: 'string' },
        seed: { type: 'string' },
        incident: { type: 'string' },
        data: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, text: string | undefined, byDefault: number, max: number): number {
  const value = text === undefined ? byDefault : Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max && text !== '') return value;
  throw new UsageError(`--${name} must be a whole number from 0 to ${max}, got "${text}".`);
}

function incidentNamed(text: string | undefined): IncidentName | undefined {
  if (text === undefined || isIncident(text)) return text;
  throw new UsageError(`--incident must be one of ${Object.keys(incidents).join(', ')}, got "${text}".`);
}

function isIncident(text: string): text is IncidentName {
  return Object.hasOwn(incidents, text);
}
