// Runs Test262's cases for DisposableStack and AsyncDisposableStack against our scopes:
//
//   node --conditions=@dataenginex/source packages/resources/test/test262.ts FOLDER
//
// FOLDER is a checkout of https://github.com/tc39/test262. Prints the counts and each miss. Ends with exit code 1 when the
// misses are not those that docs/test262.md lists.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { OptionError } from '@dataenginex/core';
import { openScope, openSyncScope, type Scope, ScopeClosedError, ScopeError, type SyncScope } from '../src/index.ts';

function define(target: object, key: PropertyKey, value: unknown, writable = true): void {
  Object.defineProperty(target, key, { value, writable, enumerable: false, configurable: true });
}

/** One function under two names. */
function alias(target: object, key: symbol, name: string): void {
  Object.defineProperty(target, key, Object.getOwnPropertyDescriptor(target, name) ?? {});
}

/** The standard throws a ReferenceError for what comes late, and a TypeError for what cannot be disposed of. */
function standard<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof ScopeClosedError) throw new ReferenceError(error.message, { cause: error });
    if (error instanceof OptionError) throw new TypeError(error.message, { cause: error });
    throw error;
  }
}

/** Our scopes in the shape of the standard's classes. Made anew for each case, since cases delete properties. */
function install(): void {
  class DisposableStack {
    #scope: SyncScope = openSyncScope();
    get disposed(): boolean {
      return this.#scope.disposed;
    }
    use<T extends Disposable>(value: T): T {
      return standard(() => this.#scope.use(value));
    }
    adopt<T>(value: T, onDispose: (value: T) => void): T {
      return standard(() => this.#scope.adopt(value, onDispose));
    }
    defer(onDispose: () => void): void {
      standard(() => this.#scope.defer(onDispose));
    }
    move(): DisposableStack {
      const moved = standard(() => this.#scope.move());
      const stack = new DisposableStack();
      stack.#scope = moved;
      return stack;
    }
    dispose(): void {
      this.#scope.dispose();
    }
  }
  alias(DisposableStack.prototype, Symbol.dispose, 'dispose');
  define(DisposableStack.prototype, Symbol.toStringTag, 'DisposableStack', false);

  class AsyncDisposableStack {
    #scope: Scope = openScope();
    get disposed(): boolean {
      return this.#scope.disposed;
    }
    use<T extends AsyncDisposable>(value: T): T {
      return standard(() => this.#scope.use(value));
    }
    adopt<T>(value: T, onDispose: (value: T) => void): T {
      return standard(() => this.#scope.adopt(value, onDispose));
    }
    defer(onDispose: () => void): void {
      standard(() => this.#scope.defer(onDispose));
    }
    move(): AsyncDisposableStack {
      const moved = standard(() => this.#scope.move());
      const stack = new AsyncDisposableStack();
      stack.#scope = moved;
      return stack;
    }
    disposeAsync(): Promise<void> {
      try {
        return this.#scope.disposeAsync();
      } catch (error) {
        return Promise.reject(error);
      }
    }
  }
  alias(AsyncDisposableStack.prototype, Symbol.asyncDispose, 'disposeAsync');
  define(AsyncDisposableStack.prototype, Symbol.toStringTag, 'AsyncDisposableStack', false);

  define(globalThis, 'DisposableStack', DisposableStack);
  define(globalThis, 'AsyncDisposableStack', AsyncDisposableStack);
}

/** A ScopeError read as the standard's chain: the last error suppressed those before it. Costs no tick, as a wrap would. */
function readAsSuppressedError(): void {
  Object.defineProperty(ScopeError.prototype, 'error', {
    get(this: ScopeError) {
      return this.errors.at(-1);
    },
  });
  Object.defineProperty(ScopeError.prototype, 'suppressed', {
    get(this: ScopeError) {
      if (this.errors.length === 2) return this.errors[0];
      return new ScopeError(this.errors.slice(0, -1).map((error) => ({ origin: 'dispose', error })));
    },
  });
  define(globalThis, 'SuppressedError', ScopeError);
}

async function run(folder: string, file: string, strict: boolean): Promise<unknown> {
  const source = readFileSync(file, 'utf8');
  const [, meta = ''] = /\/\*---(.*?)---\*\//s.exec(source) ?? [];
  const [, includes = ''] = /^includes: \[(.*)\]$/m.exec(meta) ?? [];
  const harness = ['assert.js', 'sta.js', ...includes.split(',')].map((name) => name.trim()).filter(Boolean);
  const parts = [...harness.map((name) => readFileSync(join(folder, 'harness', name), 'utf8')), source];
  const code = `(function () {${strict ? '"use strict";' : ''}\n${parts.join('\n')}\n}).call(globalThis)`;
  const done = Promise.withResolvers<unknown>();
  if (/^flags: \[.*async/m.test(meta)) define(globalThis, '$DONE', done.resolve);
  else done.resolve(undefined);
  install();
  try {
    runInThisContext(code, { filename: file });
    return await done.promise;
  } catch (error) {
    return error ?? new Error('nothing was thrown');
  } finally {
    Reflect.deleteProperty(globalThis, '$DONE');
  }
}

async function main(folder: string): Promise<void> {
  readAsSuppressedError();
  const cases = globSync('test/built-ins/{Async,}DisposableStack/**/*.js', { cwd: folder }).toSorted();
  if (cases.length === 0) throw new Error(`No cases under ${folder}: give the folder of a Test262 checkout.`);
  const misses = new Map<string, unknown>();
  for (const name of cases) {
    const file = join(folder, name);
    const failure = (await run(folder, file, false)) ?? (await run(folder, file, true));
    if (failure !== undefined) misses.set(name.replace('test/built-ins/', ''), failure);
  }
  for (const [name, failure] of misses) console.log(`${name}: ${String(failure)}`);
  console.log(`Node ${process.version}: ${cases.length - misses.size} of ${cases.length} cases passed.`);

  const document = readFileSync(join(import.meta.dirname, '../docs/test262.md'), 'utf8');
  const listed = [...document.matchAll(/^\| `(.*?)` +\|/gm)].map(([, name = '']) => name);
  const unlisted = [...misses.keys()].filter((name) => !listed.includes(name));
  const outdated = listed.filter((name) => !misses.has(name));
  for (const name of unlisted) console.log(`docs/test262.md does not list ${name}.`);
  for (const name of outdated) console.log(`docs/test262.md lists ${name}, which passed.`);
  if (unlisted.length + outdated.length > 0) process.exitCode = 1;
}

await main(process.argv[2] ?? '.');
