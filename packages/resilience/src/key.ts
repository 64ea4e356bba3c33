import type { Call } from './call.ts';
import { KeyError } from './errors.ts';

/** The option of policies by key; what it gives for two calls says whether they are about the same thing. */
export type KeyOption<K extends readonly unknown[]> = ((...args: K) => string) | undefined;

/** The arguments that a wrapped function must begin with for its key to be made; more may follow. */
export type KeyedArguments<K extends readonly unknown[]> = readonly [...K, ...(readonly unknown[])];

/**
 * The key of a call: the one given to `run`, else what the `key` option makes of the arguments, else made of the
 * arguments themselves, where all are primitive: a lone string is its own key, others stand in parentheses, as in
 * `("Seattle",7)`. A last argument that carries only a signal is no part of it.
 *
 * @param owner The policy that asks, for the error.
 * @throws {KeyError} When there is nothing to make it from, or the option gave no string.
 */
export function keyOf<K extends readonly unknown[]>(call: Call<unknown>, key: KeyOption<K>, owner: string): string {
  const { run } = call;
  if (run.key !== undefined) return checkKey(run.key, owner, 'run(fn, { key }) was given');
  if (run.wrapped === undefined) throw new KeyError(owner, 'run(fn, { key }) was given none');
  if (key === undefined) return keyOfArguments(run.args, owner);
  return checkKey(Reflect.apply(key, undefined, run.args), owner, 'its key function gave');
}

function checkKey(key: unknown, owner: string, whence: string): string {
  if (typeof key === 'string') return key;
  throw new KeyError(owner, `${whence} ${describe(key)}, not a string`);
}

function keyOfArguments(args: readonly unknown[], owner: string): string {
  const last = args[args.length - 1];
  const length = typeof last === 'object' && onlyCarriesSignal(last) ? args.length - 1 : args.length;
  const [first] = args;
  if (length === 1 && typeof first === 'string' && !first.startsWith('(')) return first;
  const parts = args.slice(0, length).map((argument, index) => {
    if (typeof argument === 'string') return JSON.stringify(argument);
    if (typeof argument === 'bigint') return `${argument}n`;
    const isPlain = argument === undefined || argument === null || /^(number|boolean)$/.test(typeof argument);
    if (isPlain) return String(argument);
    throw new KeyError(owner, `argument ${index + 1} is ${describe(argument)}: pass key: (...args) => string`);
  });
  return `(${parts.join(',')})`;
}

function onlyCarriesSignal(value: object | null): boolean {
  if (value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.keys(value).every((name) => name === 'signal');
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
