import { expectTypeOf } from 'vitest';
import { all, openScope, race, type Scope, type Task, type TaskFunction, withTimeout } from '../index.ts';

declare const tasks: readonly TaskFunction<number>[];
declare const unordered: Set<() => number>;
declare const lazy: Generator<() => Promise<string>>;

const three = all([async ({ signal }) => signal.aborted, () => 'text', () => Promise.resolve(7)]);
expectTypeOf(three).toEqualTypeOf<Promise<[boolean, string, number]>>();
expectTypeOf(all(tasks)).toEqualTypeOf<Promise<number[]>>();
expectTypeOf(all([1, 2].map((n) => () => n.toFixed()))).toEqualTypeOf<Promise<string[]>>();
expectTypeOf(all(lazy, { concurrency: 2 })).toEqualTypeOf<Promise<string[]>>();
expectTypeOf(all(unordered)).toEqualTypeOf<Promise<number[]>>();
expectTypeOf(all([])).toEqualTypeOf<Promise<[]>>();
// @ts-expect-error a function, not its promise
void all([Promise.resolve(1)]);
// @ts-expect-error a task is handed a context, not a scope
void all([(scope: Scope) => scope.signal]);
// @ts-expect-error a number
void all([() => 1], { concurrency: '2' });

const raced = race([async ({ signal }) => signal.aborted, () => 'text']);
expectTypeOf(raced).toEqualTypeOf<Promise<boolean | string>>();
expectTypeOf(race(tasks)).toEqualTypeOf<Promise<number>>();
expectTypeOf(race(lazy)).toEqualTypeOf<Promise<string>>();
// @ts-expect-error there is no concurrency in a race: all start
void race([() => 1], { concurrency: 2 });
// @ts-expect-error not a list
void race(() => 1);

expectTypeOf(withTimeout(10, async ({ signal }) => signal.aborted)).toEqualTypeOf<Promise<boolean>>();
expectTypeOf(withTimeout(10, () => 1, { signal: undefined })).toEqualTypeOf<Promise<number>>();
// @ts-expect-error the time comes first
void withTimeout(async () => 1, 10);

const shielded = openScope().shield(async ({ signal }) => signal.aborted, { name: 'flush', timeoutMs: 10 });
expectTypeOf(shielded).toEqualTypeOf<Task<boolean>>();
// @ts-expect-error milliseconds
openScope().shield(() => 1, { timeoutMs: '10' });
