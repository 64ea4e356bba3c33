import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OptionError } from '@dataenginex/core';
import type { Contract } from '../contract.ts';
import { fromExpectationSuite } from '../interchange/from-expectation-suite.ts';
import type { Unmapped } from '../interchange/unmapped.ts';
import { isObject } from '../schema/json-schema.ts';
import { list } from '../report/words.ts';
import { reasonOf, UsageError } from './usage.ts';

export interface LoadedContract {
  readonly contract: Contract;
  /** What of a suite the contract does not ask. */
  readonly unmapped: readonly Unmapped[];
}

/**
 * The contract of a module (Node strips its types itself), or of a suite of Great Expectations.
 *
 * @throws {UsageError} When there is none, or several and no name.
 */
export async function loadContract(path: string, name: string | undefined): Promise<LoadedContract> {
  if (/\.json$/i.test(path)) return loadSuite(path);
  const contracts = contractsOf(await importModule(path));
  if (name !== undefined) {
    const chosen = contracts.get(name);
    if (chosen === undefined)
      throw new UsageError(`${path} exports no contract "${name}"${listed(contracts, '; it has ')}.`);
    return { contract: chosen, unmapped: [] };
  }
  const [contract, ...others] = new Set(contracts.values());
  if (contract === undefined) throw new UsageError(`${path} exports no contract.`);
  const chosen = contracts.get('default') ?? contract;
  if (others.length > 0 && !contracts.has('default')) {
    throw new UsageError(`${path} exports several contracts; choose one by --export${listed(contracts, ': ')}.`);
  }
  return { contract: chosen, unmapped: [] };
}

const listed = (contracts: ReadonlyMap<string, Contract>, before: string): string =>
  contracts.size === 0 ? '' : `${before}${list([...contracts.keys()])}`;

/** A contract may be of another copy of this package: it is told by what it can do. */
function contractsOf(module: object): Map<string, Contract> {
  return new Map(Object.entries(module).filter((entry): entry is [string, Contract] => isContract(entry[1])));
}

function isContract(value: unknown): value is Contract {
  return (
    isObject(value) && typeof value.check === 'function' && Array.isArray(value.rules) && typeof value.name === 'string'
  );
}

async function importModule(path: string): Promise<object> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) {
    throw new UsageError(
      `${path} cannot be loaded: ${stats === undefined ? 'there is no such file' : 'it is a directory'}.`,
    );
  }
  const url = pathToFileURL(resolve(path)).href;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      try {
        const resolved = next(specifier, context);
        // By `npm init` a project is of CommonJS, where Node takes a .ts with imports for an error.
        return resolved.url.endsWith('.ts') ? { ...resolved, format: 'module-typescript' } : resolved;
      } catch (error) {
        // Run by npx, this package is not in the project: a contract there finds it here.
        if (!/^@dataenginex\/quality(?:\/|$)/.test(specifier)) throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
  try {
    const module: unknown = await import(url);
    return typeof module === 'object' && module !== null ? module : {};
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UsageError(`${path} cannot be loaded: ${explain(error)}`, { cause: error });
  } finally {
    hooks.deregister();
  }
}

function explain(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  const [first = ''] = error.message.split('\n');
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return 'a contract is a module (.ts, .js), or a suite (.json)';
  // Its stack begins with the place in the source, which may be of a file that it imports.
  const place =
    error instanceof SyntaxError ? /^(?!SyntaxError).*?([^/\\]+:\d+)\n/.exec(error.stack ?? '')?.[1] : undefined;
  if (place !== undefined) return `${first} (${place})`;
  if (code !== 'ERR_MODULE_NOT_FOUND') return first;
  const missing = /package '([^']+)'/.exec(first)?.[1];
  return missing === undefined ? first : `it imports ${missing}, which is not installed there (npm install ${missing})`;
}

async function loadSuite(path: string): Promise<LoadedContract> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  try {
    return fromExpectationSuite(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof OptionError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}
