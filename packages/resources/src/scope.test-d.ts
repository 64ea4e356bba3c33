import type { FileHandle } from 'node:fs/promises';
import { expectTypeOf } from 'vitest';
import { openScope, type Scope, type Task, withScope } from './index.ts';

declare const file: FileHandle;
declare const lock: Disposable & { readonly key: string };
declare const optional: FileHandle | undefined;

const scope = openScope();

const used = scope.use(lock);
expectTypeOf(used).toEqualTypeOf<Disposable & { readonly key: string }>();
const later = scope.use(Promise.resolve(file));
expectTypeOf(later).toEqualTypeOf<Promise<FileHandle>>();
const perhaps = scope.use(optional);
expectTypeOf(perhaps).toEqualTypeOf<FileHandle | undefined>();
const perhapsLater = scope.use(Promise.resolve(optional));
expectTypeOf(perhapsLater).toEqualTypeOf<Promise<FileHandle | undefined>>();
// @ts-expect-error a string holds nothing
scope.use('text');
// @ts-expect-error nor does a promise of one
void scope.use(Promise.resolve('text'));

const adopted = scope.adopt({ port: 3000 }, ({ port }) => port.toFixed());
expectTypeOf(adopted).toEqualTypeOf<{ port: number }>();
// @ts-expect-error the disposer takes what is adopted
scope.adopt(3000, (port: string) => port);
// @ts-expect-error a disposer is needed
scope.adopt(3000);

const task = scope.spawn(async ({ signal }) => signal.aborted);
expectTypeOf(task).toEqualTypeOf<Task<boolean>>();
expectTypeOf(task.result).toEqualTypeOf<Promise<boolean>>();
// @ts-expect-error a task is handed a context, not a scope
scope.spawn((inner: Scope) => inner.close());
// @ts-expect-error names are text
scope.spawn(() => 1, { name: 1 });

const result = withScope({}, async ({ signal }) => signal.aborted);
expectTypeOf(result).toEqualTypeOf<Promise<boolean>>();
const plain = withScope({ signal: undefined }, () => 1);
expectTypeOf(plain).toEqualTypeOf<Promise<number>>();
// @ts-expect-error the signal, not its controller
void withScope({ signal: new AbortController() }, () => 1);
// @ts-expect-error the body is needed
void withScope({});
